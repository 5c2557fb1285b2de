"""Writes the pages that students get back, with nbgrader's own converter."""

from __future__ import annotations

import logging
import multiprocessing
import os
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from .collect import known_students, make_plan
from .course import Unit, load_course
from .desk import Desk
from .errors import GraderError
from .roster import Roster


class _Feedback(GenerateFeedback):  # type: ignore[misc]
    """nbgrader's converter for a list of students; its own filter takes one pattern."""

    students: tuple[str, ...] = ()

    def init_notebooks(self) -> None:
        super().init_notebooks()  # fills self.assignments: folder -> notebooks
        chosen = {self._format_source(self.coursedir.assignment_id, name) for name in self.students}
        for folder in set(self.assignments) - chosen:
            del self.assignments[folder]


def write_feedback(desk: Desk, unit: Unit, students: list[str], jobs: int) -> Iterator[int]:
    """Write feedback/STUDENT/UNIT/*.html; yield how many students each finished share held."""
    size = -(-len(students) // (2 * jobs))  # a share compiles nbconvert's templates: two seconds
    shares = [tuple(students[start : start + size]) for start in range(0, len(students), size)]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(min(jobs, len(shares)), context) as pool:
        futures = {pool.submit(_write, desk.course.root, unit.name, s): s for s in shares}
        for future in as_completed(futures):
            future.result()
            yield len(futures[future])


def _write(root: Path, unit: str, students: tuple[str, ...]) -> None:
    desk = Desk(load_course(root))
    desk.config.CourseDirectory.assignment_id = unit
    desk.config.CourseDirectory.student_id = "*"
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    converter = _Feedback(coursedir=CourseDirectory(config=desk.config), config=desk.config)
    converter.students = students
    converter.force = True
    try:
        converter.start()
    except NbGraderException as error:
        raise GraderError(f"feedback for {', '.join(students)} failed: {error}") from error


def write_return(desk: Desk, unit: Unit, download: Path) -> tuple[Path, list[str]]:
    """Write feedback/UNIT.zip: the pages under the names that an LMS gave to the submissions.

    Canvas and Moodle give each file of such an archive back to the student in whose submission's
    name it lies. `download` is the LMS's own archive. Returns the archive, and whose page is
    missing.
    """
    target = desk.course.root / desk.folders.feedback_directory / f"{unit.name}.zip"
    target.parent.mkdir(exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    missing = []
    with ExitStack() as opened:
        plan = make_plan(desk, unit, [download], Roster(known_students(desk)), opened)
        opened.callback(fresh.unlink, missing_ok=True)
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            for found in plan.chosen:
                folder = desk.folder("feedback", found.student.id, unit)
                page = folder / f"{found.lesson.name}.html"
                if page.is_file():
                    name = PurePosixPath(*found.file.parts).with_suffix(".html")
                    archive.write(page, str(name))
                else:
                    missing.append(found.student.id)
        fresh.replace(target)
    return target, missing + [stranger.place for stranger in plan.strangers]


def up_to_date(desk: Desk, unit: Unit, student: str) -> bool:
    """Tell whether a student's pages are newer than what they tell of, the gradebook included."""
    graded = list(desk.folder("autograded", student, unit).glob("*.ipynb"))
    pages = [desk.folder("feedback", student, unit) / f"{path.stem}.html" for path in graded]
    if not all(page.exists() for page in pages):
        return False
    url: str = desk.folders.db_url
    inputs = [*graded, *([Path(url[10:])] if url.startswith("sqlite:///") else [])]
    newest = max(path.stat().st_mtime for path in inputs)
    return (
        bool(pages) and url.startswith("sqlite") and newest < min(p.stat().st_mtime for p in pages)
    )
