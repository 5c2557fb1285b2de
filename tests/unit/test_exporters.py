"""Grades leave for Canvas and Moodle as `nbgrader export` writes them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Student
from nbgrader.plugins import ExportPlugin

from grader.course import Course
from grader.desk import Desk
from grader.exporters import CanvasExporter, MoodleExporter, plain

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


AWKWARD = [
    "=1+1",
    "+49 30",
    "-x",
    "@here",
    "\t=1",
    "O'Brien",
    'say "Ada", or not',
    "a,b;c",
    "two\nlines\r\nthree",
    "Ångström 李小龙 ﻋﻠﻲ",
    " =1+1",
]


@pytest.mark.parametrize(
    ("exporter", "column"), [(CanvasExporter, "Student"), (MoodleExporter, "Last name")]
)
def test_awkward_names_come_back_as_they_were_or_as_plain_text(
    course: Course, exporter: type[ExportPlugin], column: str
) -> None:
    path = course.root / "out.csv"
    with Desk(course).gradebook() as gradebook:
        for number, name in enumerate(AWKWARD):
            gradebook.add_student(f"s{number}", last_name=name)
        exporter(config=Desk(course).config, to=str(path)).export(gradebook)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {row.get("SIS User ID") or row.get("Username"): row[column] for row in rows}
    for number, name in enumerate(AWKWARD):
        escaped = name[0] in "=+-@\t"
        assert names[f"s{number}"] == ("'" + name if escaped else name)
    assert all(len(row) == len(rows[0]) and None not in row for row in rows)


def test_scores_of_a_thousand_students_add_up(course: Course) -> None:
    unit = course.units[0].name
    path = course.root / "out.csv"
    with Desk(course).gradebook() as gradebook:
        gradebook.db.add_all(
            Student(id=f"s{number:04}", last_name=f"N{number}") for number in range(1000)
        )
        gradebook.db.commit()
        for number in range(0, 1000, 100):
            gradebook.add_submission(unit, f"s{number:04}")
            key = ("double-tests-1", "tiny_torch", unit, f"s{number:04}")
            gradebook.find_grade(*key).auto_score = 2 if number % 200 else 1
        gradebook.db.commit()
        CanvasExporter(config=Desk(course).config, to=str(path)).export(gradebook)
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.DictReader(file)
    points = {row["SIS User ID"]: row[unit] for row in rows if row[unit]}
    wanted = {f"s{number:04}": "2" if number % 200 else "1" for number in range(0, 1000, 100)}
    assert points == {"ada": "2", "zoe": "1", **wanted}
    assert len(rows) == 1003
