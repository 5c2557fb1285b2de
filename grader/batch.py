"""Grades many submissions: workers run notebooks, one process keeps what they return."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from . import __version__
from .course import Lesson, Unit, load_course
from .desk import Desk, Graded
from .errors import GraderError
from .launcher import LaunchError, zygote_for
from .preprocessors import edition_at, grade_notebook
from .restore import NOTEBOOK_MB, read_submission, restore
from .verdicts import METADATA_KEY


@dataclass(frozen=True)
class Task:
    """One student's submission of one unit; all that a worker needs to know."""

    root: Path
    unit: str
    student: str
    folder: Path
    lessons: tuple[str, ...]


@dataclass
class Progress:
    """How far a batch has come, for whoever shows it."""

    total: int = 0
    up_to_date: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)


def grade_submission(task: Task) -> list[Graded]:
    """Grade the notebooks that are there. Called in a worker."""
    unit = load_course(task.root).unit(task.unit)
    graded = []
    for name in task.lessons:
        path = task.folder / f"{name}.ipynb"
        if not os.path.lexists(path):
            continue
        lesson = task.root / "solutions" / unit.name / f"{name}.ipynb"
        nb, repairs = restore(edition_at(lesson), read_submission(path))
        nb.metadata[METADATA_KEY] = nbformat.from_dict({"repairs": repairs})
        report = grade_notebook(nb, name, str(task.folder), unit.limits)
        nb.metadata[METADATA_KEY]["fingerprint"] = fingerprint(path, lesson)
        graded.append(Graded(name, nb, report))
    return graded


def fingerprint(submitted: Path, instructor: Path) -> str:
    """Condense what decides a grade: the submitted file, the instructor edition, the grader."""
    digest = hashlib.sha256(__version__.encode())
    for path in (submitted, instructor):
        digest.update(hashlib.sha256(_content(path)).digest())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """Read what grading reads of a file: nothing of a link, a pipe, or a file that is too large."""
    try:
        if path.is_symlink() or not path.is_file():
            return b""
        size = path.stat().st_size
        return path.read_bytes() if size <= NOTEBOOK_MB << 20 else str(size).encode()
    except OSError:
        return b""


def up_to_date(desk: Desk, student: str, lessons: list[Lesson], known: set[str]) -> bool:
    """Tell whether a submission's kept results are of the files as they are now."""
    if student not in known:
        return False
    handed_in = 0
    for lesson in lessons:
        path = desk.folder("submitted", student, lesson.unit) / f"{lesson.name}.ipynb"
        kept = desk.read_report(student, lesson)
        if os.path.lexists(path) != (kept is not None):
            return False
        if kept is not None:
            handed_in += 1
            if kept.fingerprint != fingerprint(path, lesson.instructor):
                return False
    return handed_in > 0


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator hears Ctrl-C and ends us


class Batch:
    """One run over submissions of a unit."""

    def __init__(self, desk: Desk, unit: Unit, jobs: int) -> None:
        self.desk = desk
        self.unit = unit
        self.jobs = jobs
        self.progress = Progress()

    def plan(self, students: list[str], notebooks: list[str] | None, force: bool) -> list[Task]:
        """Choose what is to be graded."""
        lessons = list(self.desk.course.lessons(self.unit))
        if notebooks:
            # Results of a unit are kept together, so a notebook filter chooses submissions by
            # whether that notebook is new, and grades the whole submission.
            names = {lesson.name for lesson in lessons}
            unknown = set(notebooks) - names
            if unknown:
                raise GraderError(
                    f"{self.unit.name} has no notebook {', '.join(sorted(unknown))}; "
                    f"it has {', '.join(sorted(names))}"
                )
        chosen = [lesson for lesson in lessons if not notebooks or lesson.name in notebooks]
        known = self.desk.known_students(self.unit)
        tasks = []
        for student in students:
            if not force and up_to_date(self.desk, student, chosen, known):
                self.progress.up_to_date.append(student)
                continue
            folder = self.desk.folder("submitted", student, self.unit)
            tasks.append(
                Task(
                    self.desk.course.root,
                    self.unit.name,
                    student,
                    folder,
                    tuple(lesson.name for lesson in lessons),
                )
            )
        self.progress.total = len(tasks)
        return tasks

    def run(self, tasks: list[Task]) -> Iterator[str]:
        """Grade, keep, and yield each student when they are done.

        A worker that dies takes its batch of futures with it; what was not kept is given to new
        workers, twice, and then reported as lost.
        """
        waiting = {task.student: task for task in tasks}
        for attempt in range(3):
            if not waiting:
                return
            try:
                for student in self._round(list(waiting.values())):
                    del waiting[student]
                    yield student
            except BrokenProcessPool:
                if attempt == 2:
                    for student in waiting:
                        self.progress.lost[student] = "the process that graded it died, three times"

    def _round(self, tasks: list[Task]) -> Iterator[str]:
        # Started here, at the same time, so that every worker inherits them.
        for zygote in [zygote_for(framework) for framework in self.unit.frameworks]:
            with suppress(LaunchError):  # the workers will go on cold, and say why
                zygote.wait_until_ready()
        context = multiprocessing.get_context("fork")
        pool = ProcessPoolExecutor(min(self.jobs, len(tasks)), context, _start_worker)
        try:
            futures: dict[Future[list[Graded]], Task] = {
                pool.submit(grade_submission, task): task for task in tasks
            }
            left = set(futures)
            while left:
                finished, left = wait(left, return_when=FIRST_COMPLETED)
                for future in finished:
                    student = futures[future].student
                    try:
                        graded = future.result()
                    except BrokenProcessPool:
                        raise
                    except Exception as error:
                        self.progress.lost[student] = f"{type(error).__name__}: {error}"
                    else:
                        self.desk.record(student, self.unit, graded)
                        self.progress.done.append(student)
                    yield student
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
