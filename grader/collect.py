"""Sorts what an LMS or a colleague hands over into submitted/STUDENT/UNIT/.

First a plan, which changes nothing; then it is carried out. Every file is either collected, or
stands in the plan with the reason why not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from nbgrader.utils import parse_utc

from .archives import File, Left, handed_in, printable
from .course import Lesson, Unit
from .desk import Desk
from .errors import GraderError
from .restore import Submitted, parse_submission
from .roster import Owner, Roster, Student, is_safe_id, slug

# Jane Doe_123456_assignsubmission_file_, a folder, or in front of the file's name.
_MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<rest>.*))?")
# doejane_12345_67890_blocks_torch.ipynb; doejane_LATE_12345_67890_blocks_torch-1.ipynb.
_CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)")
# What Canvas, browsers and JupyterLab put behind a name that exists already.
_AGAIN = re.compile(r"(?:-(\d+)| ?\((\d+)\)|-Copy(\d+))$")
_STAMP = "timestamp.txt"
"""nbgrader's own word on when a submission came, beside its notebooks."""


@dataclass(frozen=True)
class Found:
    """A notebook that was handed in: whose, of which lesson, and which of their uploads it is."""

    student: Student
    lesson: Lesson
    file: File
    upload: tuple[int, datetime, int]
    stamp: File | None = None
    notes: tuple[str, ...] = ()


@dataclass
class Plan:
    """What collecting would do."""

    desk: Desk
    unit: Unit
    chosen: list[Found] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    """What each of `chosen` is to the desk: "new", "changed" or "there already"."""
    earlier: list[tuple[Found, Found]] = field(default_factory=list)
    """(submission, the later one of the same notebook that counts instead)."""
    strangers: list[Left] = field(default_factory=list)
    """Notebooks of the unit without a student."""
    left: list[Left] = field(default_factory=list)
    """Everything else that stays where it is."""

    def target(self, found: Found) -> Path:
        """Return where a notebook goes; nothing that an archive says takes part in it."""
        folder = self.desk.folder("submitted", found.student.id, self.unit)
        return folder / f"{found.lesson.name}.ipynb"


def known_students(desk: Desk) -> list[Student]:
    """List the students of the gradebook; makes no gradebook where there is none yet."""
    url: str = desk.folders.db_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return []
    fields = ("id", "first_name", "last_name", "email", "lms_user_id")
    with desk.gradebook() as gradebook:
        rows = [[getattr(each, name) or "" for name in fields] for each in gradebook.students]
    return [Student(*row) for row in rows]


def make_plan(
    desk: Desk,
    unit: Unit,
    paths: Iterable[Path],
    roster: Roster,
    opened: ExitStack,
    new: bool = False,
) -> Plan:
    """Look through folders and archives; `new` takes whom the roster does not know as they come."""
    plan, fit = Plan(desk, unit), Fit(desk, unit)
    found: dict[tuple[str, str], list[Found]] = {}
    for path in paths:
        files = list(handed_in(path, opened))
        stamps = {
            each.parts[:-1]: each
            for each in files
            if isinstance(each, File) and each.name == _STAMP
        }
        for file in files:
            if isinstance(file, Left):
                plan.left.append(file)
            elif file.name != _STAMP:
                one = _place(plan, file, stamps.get(file.parts[:-1]), fit, roster, new)
                if one is not None:
                    # A file system may take ada and Ada for one.
                    key = one.student.id.casefold(), one.lesson.name
                    found.setdefault(key, []).append(one)
    for uploads in found.values():
        *earlier, last = sorted(uploads, key=lambda each: each.upload)
        plan.chosen.append(last)
        plan.states.append(_state(plan.target(last), last.file))
        plan.earlier += [(each, last) for each in earlier]
    return plan


def _state(path: Path, file: File) -> str:
    if not os.path.lexists(path):
        return "new"
    same = path.is_file() and not path.is_symlink() and path.read_bytes() == file.read()
    return "there already" if same else "changed"


def _place(
    plan: Plan, file: File, stamp: File | None, fit: Fit, roster: Roster, new: bool
) -> Found | None:
    """Say whose a file is and of which lesson, or why nobody's, in the plan."""
    address = _address(file, plan.unit, roster)
    try:
        lesson, notes = fit.lesson(address.name, file)
    except GraderError as error:
        plan.left.append(Left(file.place, str(error)))
        return None
    try:
        student = _student(address.owner, roster, new)
    except GraderError as error:
        plan.strangers.append(Left(file.place, str(error)))
        return None
    if address.late:
        notes.append("late, says Canvas")
    upload = address.upload, _time(file, stamp), address.again
    return Found(student, lesson, file, upload, stamp, tuple(notes))


def _student(owner: Owner | None, roster: Roster, new: bool) -> Student:
    if owner is None:
        raise GraderError("its path names no student; put it into a folder named after one")
    try:
        return roster.find(owner)
    except GraderError:
        name = owner.name if is_safe_id(owner.name) else slug(owner.name)
        # A namesake is no new student, only one whom nothing tells from another.
        if not new or roster.has(owner) or roster.has(Owner(name)) or not is_safe_id(name):
            raise
    first, _, last = owner.name.rpartition(" ")
    return Student(name, first, last if first else "", lms_id=owner.lms_id)


@dataclass(frozen=True)
class _Address:
    """What the path of a file says."""

    owner: Owner | None
    name: str
    upload: int = 0
    """Canvas's number of the upload: a later one is larger."""
    again: int = 0
    """2 in blocks_torch-2.ipynb."""
    late: bool = False


def _address(file: File, unit: Unit, roster: Roster) -> _Address:
    for place, part in enumerate(file.parts, 1):
        if moodle := _MOODLE.fullmatch(part):
            name = file.name if place < len(file.parts) else moodle["rest"] or part
            return _plain_address(
                Owner(printable(moodle["name"]), participant=moodle["number"]), name
            )
    folders = [part for part in reversed(file.parts[:-1]) if part != unit.name]
    named = next((part for part in folders if roster.named(part) is not None), None)
    if named is None and (canvas := _CANVAS.fullmatch(file.name)):
        owner = Owner(printable(canvas["name"]), lms_id=canvas["user"])
        return _plain_address(owner, canvas["rest"], int(canvas["file"]), bool(canvas["late"]))
    nearest = named or next(iter(folders), None)
    return _plain_address(Owner(printable(nearest)) if nearest else None, file.name)


def _plain_address(owner: Owner | None, name: str, upload: int = 0, late: bool = False) -> _Address:
    """Take off what stands behind a name that existed already: blocks_torch-2.ipynb."""
    path = Path(name)
    found = _AGAIN.search(path.stem)
    if found is None:
        return _Address(owner, name, upload, 0, late)
    again = int(next(filter(None, found.groups())))
    name = path.stem[: found.start()] + path.suffix
    return _Address(owner, name, upload, again, late)


def _time(file: File, stamp: File | None) -> datetime:
    """Return when a file was handed in, by nbgrader's own word or by the date of the file."""
    if stamp is not None:
        with suppress(GraderError, ValueError, OverflowError):
            when: datetime | None = parse_utc(stamp.read()[:100].decode().strip())
            return when or file.when
    return file.when


def carry_out(plan: Plan, students: Iterable[Student]) -> list[Path]:
    """Put notebooks on the desk and students into the gradebook; return what was replaced, where.

    Interrupted, it leaves whole files: the same command again goes on.
    """
    replaced = []
    with plan.desk.alone():
        _register(plan.desk, students)
        for found, state in zip(plan.chosen, plan.states, strict=True):
            path = plan.target(found)
            path.parent.mkdir(parents=True, exist_ok=True)
            stamp = path.with_name(_STAMP)
            if state == "changed":
                replaced.append(_put_aside(plan.desk, path))
                if found.stamp is None and stamp.exists():  # it speaks of what was there before
                    _put_aside(plan.desk, stamp)
            if state != "there already":
                _write(path, found.file.read())
                if found.stamp is not None:
                    _write(stamp, found.stamp.read()[:100])
    return replaced


def _register(desk: Desk, students: Iterable[Student]) -> None:
    known = {student.id: student for student in known_students(desk)}
    changed = [each for each in students if known.get(each.id) != each]
    if not changed:
        return
    with desk.gradebook() as gradebook:
        for each in changed:
            fields = {
                "first_name": each.first_name,
                "last_name": each.last_name,
                "email": each.email,
                "lms_user_id": each.lms_id,
            }
            said = {key: value for key, value in fields.items() if value}
            gradebook.update_or_create_student(each.id, **said)


def _put_aside(desk: Desk, path: Path) -> Path:
    """Move what stands in a submission's place to .grader/replaced, under a name of its own."""
    inside = path.relative_to(desk.course.root)
    folder = desk.course.root / ".grader" / "replaced" / inside.parent
    folder.mkdir(parents=True, exist_ok=True)
    names = (folder / f"{path.stem}-{number}{path.suffix}" for number in count(1))
    target = next(each for each in names if not os.path.lexists(each))
    path.rename(target)
    return target


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


class Fit:
    """Tells which lesson of a unit a file is: by its name, else by the grade ids in it."""

    def __init__(self, desk: Desk, unit: Unit) -> None:
        self.unit = unit
        self.lessons = list(desk.course.lessons(unit))
        self.others = [each for each in desk.course.lessons() if each.unit != unit]
        self.cells = {each.name: _marked(_released(each)) for each in self.lessons}

    def lesson(self, name: str, file: File) -> tuple[Lesson, list[str]]:
        """Return a file's lesson and what is odd; raises GraderError where it is none of these."""
        if not name.casefold().endswith(".ipynb"):
            raise GraderError("not a notebook; left out")
        stem = name[: -len(".ipynb")].casefold()
        submitted = parse_submission(file.read())
        by_cells = self._by_cells(submitted)
        exact = [each for each in self.lessons if each.name.casefold() == stem]
        within = exact or [each for each in self.lessons if each.name.casefold() in stem]
        if len(within) == 1:
            (lesson,) = within
            if by_cells is not None and by_cells != lesson:
                odd = f"named {lesson.name}, but its cells are those of {by_cells.name}"
                return lesson, [f"{odd}: if that is an accident, rename it and collect it again"]
            return lesson, []
        if by_cells is not None:
            return by_cells, [f"called {printable(file.name)}; it is {by_cells.name} by its cells"]
        for other in self.others:
            if other.name.casefold() in stem:
                raise GraderError(
                    f"a notebook of {other.unit.name}; collect it with: grader collect "
                    f"{other.unit.name}"
                )
        names = " or ".join(lesson.name for lesson in self.lessons)
        raise GraderError(
            f"no notebook of {self.unit.name}, by its name or its cells; if it is one, rename it "
            f"to {names}"
        )

    def _by_cells(self, submitted: Submitted) -> Lesson | None:
        """Find the lesson that has most cells in common with a file; None where that is unclear.

        The frameworks of a unit share their grade ids, so the text of locked cells counts.
        """
        mine = _marked(submitted)
        common = {
            lesson: len(mine.keys() & theirs.keys())
            + sum(mine.get(key) == text for key, text in theirs.items())
            for lesson in self.lessons
            for theirs in [self.cells[lesson.name]]
        }
        most = max(common.values())
        best = [lesson for lesson, count in common.items() if count == most]
        return best[0] if most and len(best) == 1 else None


def _released(lesson: Lesson) -> Submitted:
    try:
        return parse_submission(lesson.student.read_bytes())
    except OSError:
        raise GraderError(
            f"there is no student notebook {lesson.student}; build it with: grader build"
        ) from None


def _marked(submitted: Submitted) -> dict[str, str]:
    """Map grade ids to the text of their cells, white space put aside."""
    return {
        cell.metadata.nbgrader.grade_id: " ".join(cell.source.split())
        for cell in submitted.cells
        if "nbgrader" in cell.metadata
    }
