"""The course as nbgrader sees it: its configuration, its folders and its gradebook."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import nbgrader.api
from nbformat import NotebookNode
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, LimitOutput, SaveCells
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from .course import Course, Lesson, Unit
from .errors import GraderError
from .preprocessors import Score, edition_at
from .provisioner import copy_inputs
from .verdicts import METADATA_KEY, CellReport, NotebookReport, Verdict

# SQLAlchemy 2.1 warns about how nbgrader 0.9.6 adds a submission; the rows come out right.
warnings.filterwarnings("ignore", module=r"nbgrader\.api", category=Warning)


@dataclass
class Graded:
    """One submitted notebook after grading: what goes into `autograded/`."""

    name: str
    notebook: NotebookNode
    report: NotebookReport


class Desk:
    """Reads submissions of a course and keeps their results where nbgrader looks for them."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.config = _load_config(course.root)
        self.folders = CourseDirectory(config=self.config)
        self._gradebook: Gradebook | None = None

    def folder(self, kind: str, student: str, unit: Unit) -> Path:
        """Return a student's folder; `kind` is "submitted", "autograded" or "feedback"."""
        step = getattr(self.folders, f"{kind}_directory")
        return Path(self.folders.format_path(step, student, unit.name))

    def students(self, unit: Unit) -> list[str]:
        """List who has submitted `unit`."""
        root = self.course.root / self.folders.submitted_directory
        if not root.is_dir():
            raise GraderError(
                f"there are no submissions: {root} does not exist; put each student's notebooks in "
                f"{root.name}/STUDENT/{unit.name}/, or use nbgrader collect"
            )
        found = sorted(path.parent.name for path in root.glob(f"*/{unit.name}") if path.is_dir())
        if not found:
            raise GraderError(
                f"nobody has submitted {unit.name}: no folder matches {root}/*/{unit.name}"
            )
        return found

    def timestamp(self, student: str, unit: Unit) -> Any:
        """Return when a student submitted; None where that was not recorded or is not a time."""
        path = self.folder("submitted", student, unit) / "timestamp.txt"
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > 100:
                return None
            return parse_utc(path.read_text(encoding="utf-8").strip())
        except (OSError, ValueError, OverflowError):
            return None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other graders of this course waiting outside, with a word on who is at work."""
        import fcntl  # where grading works, on Linux

        path = self.course.root / ".grader" / "lock"
        path.parent.mkdir(exist_ok=True)
        with path.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise GraderError(
                    f"another grader is at work on this course (process {lock.read().strip()}); "
                    "wait until it is done, or end it: what it has finished is kept"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    # --- the gradebook -------------------------------------------------------------------------

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook; a database that does not answer is one clear sentence.

        It is opened once: each time, nbgrader looks for all tables and SQLAlchemy compiles all
        statements again, which took as long as all else that is written of a submission.
        """
        with self._clear_errors():
            if self._gradebook is None:
                self._gradebook = Gradebook(self.folders.db_url, self.folders.course_id)
                weakref.finalize(self, self._gradebook.close)
            try:
                yield self._gradebook
            finally:
                self._gradebook.db.remove()

    @contextmanager
    def _transaction(self) -> Iterator[Gradebook]:
        """Open the gradebook for changes that are kept together or not at all.

        nbgrader commits after each; its commits wait for one at the end.
        """
        with self.gradebook() as gradebook:
            session = gradebook.db
            commit = session.commit

            def wait() -> None:
                session.flush()
                session.expire_all()

            session.commit = wait
            try:
                yield gradebook
                commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.commit = commit

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            with _without_tracebacks():
                yield
        except (SQLAlchemyError, InvalidEntry) as error:  # nbgrader turns some into its own
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise GraderError(
                f"the gradebook {self.folders.db_url} does not answer ({reason}); nothing that was "
                "graded is lost: run the same command again when it does"
            ) from error

    def register(self, unit: Unit) -> None:
        """Tell the gradebook which cells of `unit` are worth points, as a release does."""
        with self.gradebook() as gradebook:
            gradebook.update_or_create_assignment(unit.name)
        for lesson in self.course.lessons(unit):
            try:
                with self._clear_errors():
                    SaveCells(config=self.config)(
                        nbformat.from_dict(dict(edition_at(lesson.instructor))),
                        self._resources(lesson.name, unit, "."),
                    )
            except RuntimeError as error:
                raise GraderError(
                    f"{lesson.instructor} no longer has the cells that were graded before "
                    f"({error}); exercise ids are for life: put them back"
                ) from error

    def _resources(self, notebook: str, unit: Unit, student: str) -> dict[str, Any]:
        names = {
            "notebook": notebook,
            "assignment": unit.name,
            "student": student,
            "db_url": self.folders.db_url,
        }
        return {"nbgrader": names}

    def record(self, student: str, unit: Unit, graded: list[Graded]) -> None:
        """Keep a submission's results: the gradebook first, then `autograded/` in one move.

        `autograded/` is what tells that a submission is up to date, so a batch that dies in
        between grades this one again and loses nothing.
        """
        with self._transaction() as gradebook:
            gradebook.update_or_create_student(student)
            when = self.timestamp(student, unit)
            extra = {"timestamp": when} if when else {}
            submission = gradebook.update_or_create_submission(unit.name, student, **extra)
            present = {result.name: result for result in graded}
            for lesson in self.course.lessons(unit):
                entry = gradebook.find_submission_notebook(lesson.name, unit.name, student)
                entry.late_submission_penalty = None
                if lesson.name not in present:
                    for grade in entry.grades:
                        grade.auto_score, grade.needs_manual_grade = 0, False
            for result in graded:
                resources = self._resources(result.name, unit, student)
                for step in (LimitOutput(config=self.config), Score(gradebook, self.config)):
                    result.notebook, resources = step(result.notebook, resources)
            late = submission.total_seconds_late > 0
        if late:
            self._penalise(student, unit, graded)
        self._write(student, unit, graded)

    def _penalise(self, student: str, unit: Unit, graded: list[Graded]) -> None:
        """Let nbgrader's plugin for late submissions decide what being late costs."""
        with self._clear_errors():
            for result in graded:
                resources = self._resources(result.name, unit, student)
                AssignLatePenalties(config=self.config)(result.notebook, resources)

    def _write(self, student: str, unit: Unit, graded: list[Graded]) -> None:
        target = self.folder("autograded", student, unit)
        fresh = target.with_name(f".{target.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        copy_inputs(self.folder("submitted", student, unit), fresh)
        for result in graded:
            nbformat.write(result.notebook, fresh / f"{result.name}.ipynb")
        for path in fresh.rglob("*"):
            if path.is_file():
                path.chmod(0o444)
        shutil.rmtree(target, ignore_errors=True)
        fresh.replace(target)

    # --- results -------------------------------------------------------------------------------

    def read_report(self, student: str, lesson: Lesson) -> NotebookReport | None:
        """Return the report of a graded notebook, None where there is none."""
        path = self.folder("autograded", student, lesson.unit) / f"{lesson.name}.ipynb"
        try:
            metadata = nbformat.read(path, as_version=4).metadata[METADATA_KEY]
            return NotebookReport.from_dict(metadata)
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def known_students(self, unit: Unit) -> set[str]:
        """List whose submissions of `unit` the gradebook has."""
        with self.gradebook() as gradebook:
            try:
                return {each.student_id for each in gradebook.assignment_submissions(unit.name)}
            except MissingEntry:
                return set()


@contextmanager
def _without_tracebacks() -> Iterator[None]:
    """Keep nbgrader from logging errors of the database, which it raises as well."""
    log = nbgrader.api.app_log
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def missing_report(lesson: Lesson) -> NotebookReport:
    """Write the report on a notebook that was not handed in."""
    cells = []
    for cell in edition_at(lesson.instructor).cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            key = marks["grade_id"]
            cells.append(
                CellReport(
                    key,
                    key.partition("-tests-")[0],
                    Verdict.MISSING,
                    0.0,
                    float(marks["points"]),
                    f"{lesson.name}.ipynb was not handed in",
                )
            )
    return NotebookReport(cells)


def _load_config(root: Path) -> Config:
    """Read nbgrader_config.py as nbgrader does, with `root` as the course's folder."""
    here = Path.cwd()
    try:
        os.chdir(root)
        app = NbGrader()
        app.log_level = logging.CRITICAL
        app.load_config_file()
        config: Config = app.config
    finally:
        os.chdir(here)
    config.CourseDirectory.root = str(root)
    return config
