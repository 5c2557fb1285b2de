"""A small class, graded as people do it: by the `grader` command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from grader.bank import answered, solutions
from grader.course import Course
from grader.desk import Desk

MakeCourse = Callable[[Path], Course]
Grades = dict[tuple[str, str, str], tuple[float, str]]

ANSWERS = (
    "return 2 * x",
    "return 3 * x",
    "return x + x",
    "raise ValueError(x)",
    "return None",
    "x = 2 * x; return x",
)


def hand_in(course: Course, answers: tuple[str, ...] = ANSWERS) -> None:
    """Hand in a notebook for each of some students, in PyTorch and in TensorFlow by turns."""
    lessons = list(course.lessons())
    for number, body in enumerate(answers):
        lesson = lessons[number % len(lessons)]
        student = nbformat.read(lesson.student, as_version=4)
        nb = answered(student, dict.fromkeys(solutions(student), f"def double(x):\n    {body}"))
        folder = course.root / "submitted" / f"student{number}" / lesson.unit.name
        folder.mkdir(parents=True)
        nbformat.write(nb, folder / f"{lesson.name}.ipynb")


@pytest.fixture
def course(make_registered: MakeCourse, tmp_path: Path) -> Course:
    """Return a course with submissions that nobody has graded."""
    course = make_registered(tmp_path / "course")
    hand_in(course)
    return course


def start(course: Course, *words: str) -> subprocess.Popen[str]:
    """Start `grader autograde` in a course's folder, in a session of its own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.Popen(
        [sys.executable, "-m", "grader.cli", "autograde", course.units[0].name, *words],
        cwd=course.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PATH": path},
    )


def autograde(course: Course, *words: str) -> tuple[int, str]:
    """Run `grader autograde`; return its exit status and what it printed."""
    process = start(course, *words)
    printed, _ = process.communicate(timeout=600)
    return process.returncode, printed


def grades(course: Course) -> Grades:
    """Read every score of the gradebook and, where a notebook was graded, its verdict."""
    desk, unit = Desk(course), course.units[0]
    verdicts = {
        (student, lesson.name, cell.grade_id): cell.verdict.value
        for student in desk.students(unit)
        for lesson in course.lessons(unit)
        if (report := desk.read_report(student, lesson)) is not None
        for cell in report.cells
    }
    found: Grades = {}
    with desk.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(unit.name):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    key = (submission.student_id, notebook.name, grade.name)
                    assert key not in found, f"{key} is there twice"
                    found[key] = (grade.auto_score, verdicts.get(key, "not handed in"))
    return found
