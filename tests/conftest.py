"""Fixtures that several folders of tests share."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.desk import Desk
from grader.editions import instructor_edition, student_edition, text_of
from grader.source import read_source

ROOT = Path(__file__).parents[1]
TWO_EXERCISES = Path(__file__).parent / "hostile" / "course"


@pytest.fixture(scope="session")
def make_course(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Course]:
    """Return what builds the course of `tests/hostile/course` in a folder.

    Its cells are not run: outputs do not matter to grading, and a kernel costs seconds.
    """
    built = tmp_path_factory.mktemp("built") / "course"
    shutil.copytree(TWO_EXERCISES, built)
    shutil.copy(ROOT / "nbgrader_config.py", built)
    for lesson in load_course(built).lessons():
        instructor = instructor_edition(read_source(lesson.source), {})
        lesson.student.parent.mkdir(parents=True, exist_ok=True)
        lesson.instructor.write_text(text_of(instructor), encoding="utf-8")
        lesson.student.write_text(text_of(student_edition(instructor)), encoding="utf-8")

    def make(root: Path) -> Course:
        return load_course(shutil.copytree(built, root))

    return make


@pytest.fixture(scope="session")
def make_registered(
    make_course: Callable[[Path], Course], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], Course]:
    """Return what builds the same course with a gradebook; making one anew takes seconds."""
    built = make_course(tmp_path_factory.mktemp("registered") / "course")
    Desk(built).register(built.units[0])

    def make(root: Path) -> Course:
        return load_course(shutil.copytree(built.root, root))

    return make
