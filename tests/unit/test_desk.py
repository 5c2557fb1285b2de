"""Results are kept where nbgrader looks for them, and what people wrote there is kept too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import nbformat
import pytest

from grader.course import Course, Lesson
from grader.desk import Desk, Graded, missing_report
from grader.errors import GraderError
from grader.preprocessors import edition_at
from grader.verdicts import METADATA_KEY, CellReport, NotebookReport, Verdict

MakeCourse = Callable[[Path], Course]


@pytest.fixture
def course(make_registered: MakeCourse, tmp_path: Path) -> Course:
    course = make_registered(tmp_path / "course")
    (course.root / "submitted" / "ada" / course.units[0].name).mkdir(parents=True)
    return course


def graded(lesson: Lesson, points: float) -> Graded:
    """Return a result in which the first tests cell gave `points`."""
    cells = missing_report(lesson).cells
    cells[0] = CellReport(**{**asdict(cells[0]), "verdict": Verdict.PASSED, "points": points})
    nb = nbformat.from_dict(dict(edition_at(lesson.instructor)))
    report = NotebookReport(cells)
    nb.metadata[METADATA_KEY] = nbformat.from_dict(report.to_dict())
    return Graded(lesson.name, nb, report)


def keep(course: Course, points: float) -> None:
    """Record a result of ada's in which the first tests cell gave `points`."""
    desk, (unit,), lesson = Desk(course), course.units, next(course.lessons())
    desk.register(unit)
    desk.record("ada", unit, [graded(lesson, points)])


def test_a_manual_score_and_a_comment_survive_a_regrade(course: Course) -> None:
    keep(course, 2)
    lesson = next(course.lessons())
    key = ("double-tests-1", lesson.name, course.units[0].name, "ada")
    with Desk(course).gradebook() as gradebook:
        gradebook.find_grade(*key).manual_score = 1.5
        gradebook.find_comment("double", *key[1:]).manual_comment = "see me"
        gradebook.db.commit()
    keep(course, 0)
    with Desk(course).gradebook() as gradebook:
        grade = gradebook.find_grade(*key)
        assert (grade.auto_score, grade.manual_score, grade.score) == (0, 1.5, 1.5)
        assert grade.needs_manual_grade
        assert gradebook.find_comment("double", *key[1:]).manual_comment == "see me"


def test_who_is_late_pays_what_the_plugin_says_and_no_longer_when_on_time(course: Course) -> None:
    configuration = course.root / "nbgrader_config.py"
    with configuration.open("a") as file:
        file.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    unit, lesson = course.units[0], next(course.lessons())
    stamp = Desk(course).folder("submitted", "ada", unit) / "timestamp.txt"
    with Desk(course).gradebook() as gradebook:
        gradebook.update_or_create_assignment(unit.name, duedate="2026-03-01 12:00:00 UTC")
    for when, penalty in (("2026-03-02", 2), ("2026-03-01", None)):
        stamp.write_text(f"{when} 11:00:00 UTC")
        keep(course, 2)
        with Desk(course).gradebook() as gradebook:
            entry = gradebook.find_submission_notebook(lesson.name, unit.name, "ada")
            assert (entry.score, entry.late_submission_penalty) == (2, penalty)


def test_a_result_that_cannot_be_kept_whole_leaves_the_old_one(course: Course) -> None:
    keep(course, 2)
    first, second = course.lessons()
    broken = graded(second, 2)
    del broken.notebook.metadata[METADATA_KEY]
    desk, unit = Desk(course), course.units[0]
    with pytest.raises(GraderError, match="was not graded"):
        desk.record("ada", unit, [graded(first, 0), broken])
    with desk.gradebook() as gradebook:
        assert gradebook.find_submission_notebook(first.name, unit.name, "ada").score == 2
    report = desk.read_report("ada", first)
    assert report is not None
    assert report.points == 2


def test_what_is_kept_is_read_back(course: Course) -> None:
    keep(course, 2)
    report = Desk(course).read_report("ada", next(course.lessons()))
    assert report is not None
    assert [cell.points for cell in report.cells] == [2, 0]
    assert Desk(course).known_students(course.units[0]) == {"ada"}


def test_a_graded_notebook_that_is_damaged_has_no_report(course: Course) -> None:
    keep(course, 2)
    lesson = next(course.lessons())
    path = Desk(course).folder("autograded", "ada", lesson.unit) / f"{lesson.name}.ipynb"
    path.chmod(0o644)
    path.write_text('{"cells": []}')
    assert Desk(course).read_report("ada", lesson) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-01 12:00:00 UTC", "2026-03-01 12:00:00"),
        ("2026-03-01 12:00:00.5 CET", None),
        ("tomorrow", None),
        ("", None),
        ("9" * 90, None),
        ("9" * 9000, None),
    ],
)
def test_a_timestamp_is_a_time_or_nothing(course: Course, text: str, wanted: str | None) -> None:
    desk, (unit,) = Desk(course), course.units
    (desk.folder("submitted", "ada", unit) / "timestamp.txt").write_text(text)
    when = desk.timestamp("ada", unit)
    assert wanted is None or str(when) == wanted


def test_when_nobody_submitted_then_it_says_so(course: Course) -> None:
    (course.root / "submitted" / "ada" / course.units[0].name).rmdir()
    with pytest.raises(GraderError, match="nobody has submitted 90_tiny"):
        Desk(course).students(course.units[0])


def test_a_gradebook_that_does_not_answer_is_one_sentence(course: Course) -> None:
    (course.root / "gradebook.db").write_text("this is no database " * 100)
    desk = Desk(course)
    with pytest.raises(GraderError, match="does not answer") as raised, desk.gradebook():
        pass
    assert "\n" not in str(raised.value)
