"""Grades many submissions: workers run notebooks, one process keeps what they return."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from . import __version__
from .course import Lesson, Limits, Unit
from .desk import Desk, Graded
from .errors import GraderError
from .launcher import zygote_for
from .preprocessors import edition_at, grade_notebook
from .provisioner import inputs
from .restore import NOTEBOOK_MB, Submitted, read_submission, restore
from .verdicts import METADATA_KEY
from .workers import Workers, local_workers


@dataclass(frozen=True)
class Task:
    """One student's submission of one unit, and all that grading it takes, for any machine.

    `notebooks` maps the names of notebooks that were handed in to (what was read of it, the text
    of its grading edition, its fingerprint); `files` maps paths to what lies beside them; `kernel`
    holds settings of `grader.provisioner`.
    """

    student: str
    limits: Limits
    kernel: dict[str, Any]
    notebooks: dict[str, tuple[Submitted, str, str]]
    files: dict[str, bytes]


@dataclass
class Progress:
    """How far a batch has come, for whoever shows it."""

    total: int = 0
    up_to_date: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)


def grade_submission(task: Task) -> list[Graded]:
    """Grade the notebooks of a submission. Called in a worker."""
    graded = []
    with tempfile.TemporaryDirectory(prefix="submission-") as folder:
        for name, content in task.files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, (submitted, edition, mark) in task.notebooks.items():
            nb, repairs = restore(_edition(edition), submitted)
            nb.metadata[METADATA_KEY] = nbformat.from_dict({"repairs": repairs})
            config = Config(ContainedProvisioner=task.kernel)
            report = grade_notebook(nb, name, folder, task.limits, config)
            nb.metadata[METADATA_KEY]["fingerprint"] = mark
            graded.append(Graded(name, nb, report))
    return graded


@lru_cache(maxsize=64)
def _edition(text: str) -> NotebookNode:
    notebook: NotebookNode = nbformat.reads(text, as_version=4)
    return notebook


@lru_cache(maxsize=64)
def _edition_text(instructor: Path, _changed: float) -> str:
    return str(nbformat.writes(edition_at(instructor)))


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


class Batch:
    """One run over submissions of a unit.

    `workers` opens what grades them, processes of this machine where it is not given.
    """

    def __init__(
        self,
        desk: Desk,
        unit: Unit,
        jobs: int,
        workers: Callable[[], AbstractContextManager[Workers]] | None = None,
    ) -> None:
        self.desk = desk
        self.unit = unit
        self.warm = workers is None
        self.workers = workers or partial(local_workers, jobs)
        self.progress = Progress()

    def warm_up(self, students: list[str], force: bool) -> None:
        """Begin to import the frameworks of notebooks here, where they are graded here.

        Without `force`, of those that have no result yet. Whoever calls this early has other work
        to do meanwhile: opening a gradebook takes as long.
        """
        for lesson in self.desk.course.lessons(self.unit) if self.warm else ():
            file = f"{lesson.name}.ipynb"
            for student in students:
                submitted = self.desk.folder("submitted", student, self.unit) / file
                result = self.desk.folder("autograded", student, self.unit) / file
                if os.path.lexists(submitted) and (force or not result.exists()):
                    zygote_for(lesson.framework)
                    break

    def plan(self, students: list[str], notebooks: list[str] | None, force: bool) -> list[str]:
        """Choose whose submissions are to be graded."""
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
        wanted = []
        for student in students:
            if not force and up_to_date(self.desk, student, chosen, known):
                self.progress.up_to_date.append(student)
            else:
                wanted.append(student)
        self.progress.total = len(wanted)
        return wanted

    def task(self, student: str) -> Task:
        """Read a submission."""
        folder = self.desk.folder("submitted", student, self.unit)
        notebooks = {}
        for lesson in self.desk.course.lessons(self.unit):
            path = folder / f"{lesson.name}.ipynb"
            if os.path.lexists(path):
                notebooks[lesson.name] = (
                    read_submission(path),
                    _edition_text(lesson.instructor, lesson.instructor.stat().st_mtime),
                    fingerprint(path, lesson.instructor),
                )
        files = {str(place): path.read_bytes() for place, path in inputs(folder)}
        kernel = self.desk.config.get("ContainedProvisioner", {})
        return Task(student, self.unit.limits, dict(kernel), notebooks, files)

    def run(self, students: list[str]) -> Iterator[str]:
        """Grade, keep, and yield each student when they are done.

        A worker that dies takes what is under way with it; what was not kept is given to new
        workers, twice, and then reported as lost.
        """
        waiting = dict.fromkeys(students)
        for attempt in range(3):
            if not waiting:
                return
            try:
                for student in self._round(list(waiting)):
                    del waiting[student]
                    yield student
            except BrokenProcessPool:
                if attempt == 2:
                    for student in waiting:
                        self.progress.lost[student] = "the process that graded it died, three times"

    def _round(self, students: list[str]) -> Iterator[str]:
        self.warm_up(students, force=True)
        with self.workers() as workers:
            # Read when there is room for it: a large class would not fit into memory.
            queue = iter(students)
            under_way: dict[Future[list[Graded]], str] = {}
            while True:
                while len(under_way) < workers.width and (student := next(queue, None)):
                    future = workers.executor.submit(grade_submission, self.task(student))
                    under_way[future] = student
                if not under_way:
                    return
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    student = under_way.pop(future)
                    self._keep(student, future)
                    yield student

    def _keep(self, student: str, future: Future[list[Graded]]) -> None:
        try:
            graded = future.result()
        except BrokenProcessPool:
            raise
        except Exception as error:
            self.progress.lost[student] = f"{type(error).__name__}: {error}"
        else:
            self.desk.record(student, self.unit, graded)
            self.progress.done.append(student)
