"""Grades leave for Canvas and Moodle as `nbgrader export` writes them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Course
from grader.desk import Desk
from grader.exporters import plain

NAMES = {
    "ada": {"first_name": "Ada", "last_name": "Lovelace, Countess", "email": "ada@example.org"},
    "zoe": {"first_name": '=HYPERLINK("http://x")', "last_name": "Ünlü", "lms_user_id": "17"},
    "absent": {"first_name": "A", "last_name": "B"},
}


@pytest.fixture
def course(make_registered: Callable[[Path], Course], tmp_path: Path) -> Course:
    """Grade by hand: ada did both frameworks, one better; zoe one; the third handed nothing in."""
    course = make_registered(tmp_path / "course")
    unit = course.units[0].name
    points = {"ada": {"tiny_torch": 2, "tiny_tensorflow": 1}, "zoe": {"tiny_torch": 1}}
    with Desk(course).gradebook() as gradebook:
        for student, names in NAMES.items():
            gradebook.update_or_create_student(student, **names)
        for student, notebooks in points.items():
            gradebook.update_or_create_submission(unit, student)
            for notebook, score in notebooks.items():
                grade = gradebook.find_grade("double-tests-1", notebook, unit, student)
                grade.auto_score = score
        gradebook.db.commit()
    return course


def export(course: Course, exporter: str, *words: str) -> list[list[str]]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["nbgrader", "export", f"--exporter=grader.exporters.{exporter}", "--to=out.csv"]
    subprocess.run(
        [*command, *words],
        cwd=course.root,
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": path},
    )
    with (course.root / "out.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_canvas_gets_its_headings_the_points_possible_and_the_better_notebook(
    course: Course,
) -> None:
    headings, possible, *students = export(course, "CanvasExporter")
    unit = course.units[0].name
    assert headings == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", unit]
    assert possible == ["    Points Possible", "", "", "", "", "3"]
    assert sorted(students) == sorted(
        [
            ["Lovelace, Countess, Ada", "", "ada", "ada@example.org", "", "2"],
            ['Ünlü, =HYPERLINK("http://x")', "17", "zoe", "zoe", "", "1"],
            ["B, A", "", "absent", "absent", "", ""],
        ]
    )


def test_moodle_gets_names_that_are_no_formulas(course: Course) -> None:
    headings, *students = export(course, "MoodleExporter", "--student=['zoe']")
    assert headings[-1] == f"{course.units[0].name} (max 3)"
    assert students == [['\'=HYPERLINK("http://x")', "Ünlü", "17", "zoe", "", "1"]]


def test_notebooks_are_added_up_when_asked_for(course: Course) -> None:
    option = "--CanvasExporter.best_of=False"
    _, possible, *students = export(course, "CanvasExporter", option, "--student=['ada']")
    assert (possible[-1], students[0][-1]) == ("6", "3")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_what_begins_like_a_formula_is_text(text: str) -> None:
    assert plain(text) == f"'{text}"
    assert plain(f"a{text}") == f"a{text}"
