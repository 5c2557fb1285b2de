"""Grades the whole corpus once, in one batch with honest neighbours, for all tests here."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from corpus import RIGHT, WRONG, Attack, corpus, hand_in

from grader import launcher
from grader.batch import Batch, Progress
from grader.course import Course, Unit
from grader.desk import Desk
from grader.verdicts import NotebookReport

Marks = dict[str, list[tuple[str, str, float]]]
UNTOUCHED: dict[str, str] = {}

NEIGHBOURS = (
    Attack("0-honest", "right", verdicts=("passed",), cells=RIGHT),
    Attack("honest", "right", verdicts=("passed",), cells=RIGHT),
    Attack("honest", "wrong", verdicts=("failed",), cells={**RIGHT, "double": WRONG}),
    Attack(
        "honest",
        "untouched",
        verdicts=("errored",),
        rest=("errored",),
        says="not solved yet",
        cells={"none": ""},
    ),
    Attack("honest", "right-keras", "tensorflow", cells=RIGHT),
    Attack("honest", "wrong-keras", "tensorflow", ("failed",), cells={**RIGHT, "double": WRONG}),
    Attack("z-honest", "right", verdicts=("passed",), cells=RIGHT),
)


@dataclass
class Graded:
    """The corpus after grading, and the world around it before and after."""

    course: Course
    desk: Desk
    unit: Unit
    attacks: list[Attack]
    words: dict[str, str]
    alone: Marks
    before: dict[str, str]
    progress: Progress
    left: list[str] = field(default_factory=list)
    scratch_left: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    reports: dict[str, NotebookReport] = field(default_factory=dict)

    def report(self, attack: Attack) -> NotebookReport:
        """Return the report that was kept of an attack."""
        if attack.student not in self.reports:
            self.reports[attack.student] = self._read(attack)
        return self.reports[attack.student]

    def _read(self, attack: Attack) -> NotebookReport:
        lesson = next(each for each in self.course.lessons() if each.framework == attack.framework)
        report = self.desk.read_report(attack.student, lesson)
        assert report is not None, f"{attack.student} has no report"
        return report

    def kept(self, attack: Attack) -> Path:
        """Return the graded notebook that was kept of an attack."""
        folder = self.desk.folder("autograded", attack.student, self.unit)
        return folder / f"{self.unit.stem}_{attack.framework}.ipynb"

    def marks(self, attacks: tuple[Attack, ...] = NEIGHBOURS) -> Marks:
        """Say what each of `attacks` got, cell by cell."""
        return {
            attack.student: [
                (cell.grade_id, cell.verdict.value, cell.points)
                for cell in self.report(attack).cells
            ]
            for attack in attacks
        }

    def world(self) -> dict[str, str]:
        """Describe everything around the submissions that grading must leave as it is."""
        seen = {}
        for folder in (self.course.root / "solutions", self.course.root / "submitted", self.canary):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    state = path.stat()
                    seen[str(path)] = f"{state.st_mtime_ns} {state.st_size} {state.st_mode:o}"
        seen["course"] = " ".join(
            sorted(p.name for p in self.course.root.iterdir() if p.name != "autograded")
        )
        with self.desk.gradebook() as gradebook:
            submission = gradebook.find_submission("80_before", "ada")
            seen["ada"] = f"{submission.score} of {submission.max_score}"
        return seen

    @property
    def canary(self) -> Path:
        return Path(self.words["CANARY"]).parent


@pytest.fixture(scope="session")
def graded(
    make_course: Callable[[Path], Course], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Graded]:
    """Grade the neighbours alone, then everybody, with two workers."""
    root = tmp_path_factory.mktemp("h")
    course = make_course(root / "course")
    canary = root / "canary" / "canary.txt"
    canary.parent.mkdir()
    canary.write_text("a nightingale of the host")
    scratch = root / "s"
    scratch.mkdir()
    (unit,) = course.units
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as agent,
    ):
        server.settimeout(0)
        agent.bind(str(scratch / "agent"))
        agent.listen()
        agent.settimeout(0)
        marker = f"57.{secrets.randbelow(10**9):09}"  # a time to sleep that nobody else sleeps
        words = {
            "COURSE": str(course.root),
            "CANARY": str(canary),
            "SCRATCH": str(scratch),
            "PORT": str(server.getsockname()[1]),
            "MARKER": marker,
        }
        patch.setattr(tempfile, "tempdir", str(scratch))
        patch.setenv("GRADER_CANARY", f"nightingale {marker}")
        patch.setattr(launcher, "_zygotes", {})
        desk = Desk(course)
        with desk.gradebook() as gradebook:
            _grade_something_else(gradebook)
        desk.register(unit)
        attacks = corpus()
        for neighbour in NEIGHBOURS:
            hand_in(course, neighbour, words)
        result = Graded(course, desk, unit, attacks, words, {}, {}, Progress())
        _grade(desk, unit)
        result.alone = result.marks()
        for attack in attacks:
            hand_in(course, attack, words)
        result.before = result.world()
        result.progress = _grade(desk, unit)
        result.left = _processes(marker, str(scratch))
        result.scratch_left = sorted(p.name for p in scratch.iterdir() if p.name != "agent")
        for listener in (server, agent):
            try:
                result.connections.append(str(listener.accept()))
            except BlockingIOError:
                continue
        zygotes = list(launcher._zygotes.values())
        yield result
        for zygote in zygotes:
            zygote.close()


def _grade(desk: Desk, unit: Unit) -> Progress:
    batch = Batch(desk, unit, jobs=2)
    tasks = batch.plan(desk.students(unit), None, force=True)
    for _ in batch.run(tasks):
        pass
    return batch.progress


def _grade_something_else(gradebook: object) -> None:
    """Put a graded submission of another unit into the gradebook."""
    gradebook.add_assignment("80_before")
    gradebook.add_notebook("before", "80_before")
    gradebook.add_grade_cell("cell", "before", "80_before", max_score=3, cell_type="code")
    gradebook.add_student("ada")
    gradebook.add_submission("80_before", "ada")
    grade = gradebook.find_grade("cell", "before", "80_before", "ada")
    grade.auto_score = 2
    gradebook.db.commit()


def _processes(*marks: str) -> list[str]:
    """List the processes that carry a mark in their command or their environment."""
    ours = {os.getpid()} | {zygote.pid for zygote in launcher._zygotes.values()}
    found = []
    for process in psutil.process_iter():
        try:
            text = " ".join([*process.cmdline(), *process.environ().values()])
        except psutil.Error:
            continue
        if process.pid not in ours and any(mark in text for mark in marks):
            found.append(f"{process.pid} {text[:200]}")
    return found
