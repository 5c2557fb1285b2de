"""A class is graded once, again where something changed, and by anybody's nbgrader the same."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from grader import batch as batch_module
from grader import sandbox
from grader.autograde_command import autograde
from grader.batch import Batch, Progress, Task
from grader.course import Course, Lesson
from grader.desk import Desk
from grader.errors import GraderError

MakeCourse = Callable[[Path], Course]
SOLUTIONS = {
    "right": "def double(x):\n    return 2 * x",
    "wrong": "def double(x):\n    return 3 * x",
    "dies": "import os\ndef double(x):\n    os._exit(0)",
    "cheats": "torch.allclose = lambda *a, **o: True\ndef double(x):\n    return 3 * x",
}

PASSED = {
    "grade_id": "double-tests-1",
    "exercise": "double",
    "verdict": "passed",
    "points": 2,
    "max_points": 2,
}


@pytest.fixture
def course(make_registered: MakeCourse, tmp_path: Path) -> Course:
    return make_registered(tmp_path / "course")


def hand_in(course: Course, student: str, solution: str) -> Path:
    """Hand in a PyTorch notebook with a solution of the first exercise; return its path."""
    lesson = _lesson(course)
    nb = nbformat.read(lesson.student, as_version=4)
    for cell in nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "double":
            cell.source = solution
    path = course.root / "submitted" / student / lesson.unit.name / f"{lesson.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return path


def _lesson(course: Course) -> Lesson:
    return next(lesson for lesson in course.lessons() if lesson.framework == "torch")


def grade(course: Course, jobs: int = 1, force: bool = False) -> Progress:
    desk, (unit,) = Desk(course), course.units
    desk.register(unit)
    batch = Batch(desk, unit, jobs)
    for _ in batch.run(batch.plan(desk.students(unit), None, force)):
        pass
    return batch.progress


def scores(course: Course) -> dict[str, float]:
    with Desk(course).gradebook() as gradebook:
        found = gradebook.submission_dicts(course.units[0].name)
        return {each["student"]: each["score"] for each in found}


def verdicts(course: Course, student: str) -> list[tuple[str, str, float, str]]:
    report = Desk(course).read_report(student, _lesson(course))
    assert report is not None
    return [(c.grade_id, c.verdict.value, c.points, c.message) for c in report.cells]


def test_a_second_batch_grades_what_changed_and_nothing_else(course: Course) -> None:
    hand_in(course, "ada", SOLUTIONS["right"])
    hand_in(course, "bob", SOLUTIONS["wrong"])
    assert sorted(grade(course).done) == ["ada", "bob"]
    assert grade(course).up_to_date == ["ada", "bob"]
    hand_in(course, "bob", SOLUTIONS["right"])
    again = grade(course)
    assert (again.up_to_date, again.done) == (["ada"], ["bob"])
    assert scores(course) == {"ada": 2, "bob": 2}
    assert sorted(grade(course, force=True).done) == ["ada", "bob"]


def test_when_the_lesson_changed_then_everybody_is_graded_again(course: Course) -> None:
    hand_in(course, "ada", SOLUTIONS["right"])
    grade(course)
    path = _lesson(course).instructor
    path.write_text(path.read_text().replace("wanted twos", "wanted 2s"))
    assert grade(course).done == ["ada"]


def test_when_the_gradebook_is_gone_then_everybody_is_graded_again(course: Course) -> None:
    hand_in(course, "ada", SOLUTIONS["right"])
    grade(course)
    (course.root / "gradebook.db").unlink()
    assert grade(course).done == ["ada"]
    assert scores(course) == {"ada": 2}


def test_when_a_notebook_is_taken_back_then_its_points_go_too(course: Course) -> None:
    path = hand_in(course, "ada", SOLUTIONS["right"])
    grade(course)
    path.rename(path.with_name("tiny_tensorflow.ipynb"))
    assert grade(course).done == ["ada"]
    assert Desk(course).read_report("ada", _lesson(course)) is None


def test_a_notebook_that_the_unit_does_not_have_is_an_error(course: Course) -> None:
    with pytest.raises(GraderError, match="it has tiny_tensorflow, tiny_torch"):
        Batch(Desk(course), course.units[0], 1).plan([], ["tiny_jax"], False)


def _die(task: Task) -> None:
    os._exit(1)


def _fail(task: Task) -> None:
    raise ValueError("no idea")


def test_when_a_worker_keeps_dying_then_its_submission_is_reported_lost(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, "ada", SOLUTIONS["right"])
    monkeypatch.setattr(batch_module, "grade_submission", _die)
    assert grade(course).lost == {"ada": "the process that graded it died, three times"}
    monkeypatch.setattr(batch_module, "grade_submission", _fail)
    assert grade(course).lost == {"ada": "ValueError: no idea"}
    monkeypatch.undo()
    assert grade(course).done == ["ada"]


def test_stock_autograde_gives_the_same_grades_and_verdicts(course: Course, tmp_path: Path) -> None:
    for student, solution in SOLUTIONS.items():
        hand_in(course, student, solution)
    hand_in(course, "damaged", "").write_text("{not json")
    claims = hand_in(course, "claims", SOLUTIONS["wrong"])
    content = json.loads(claims.read_text())
    content["metadata"]["grading"] = {"cells": [PASSED], "repairs": []}
    claims.write_text(json.dumps(content))
    other = Course(tmp_path / "stock", course.name, course.limits, course.units)
    shutil.copytree(course.root, other.root)
    assert grade(course, jobs=2).lost == {}

    desk = Desk(other)
    desk.register(other.units[0])
    desk.config.CourseDirectory.assignment_id = other.units[0].name
    desk.config.CourseDirectory.student_id = "*"
    Autograde(
        coursedir=CourseDirectory(config=desk.config), config=desk.config, create_student=True
    ).start()

    students = [*SOLUTIONS, "damaged", "claims"]
    assert scores(other) == scores(course)
    assert {s: verdicts(other, s) for s in students} == {s: verdicts(course, s) for s in students}
    assert [verdicts(course, s)[0][1] for s in students] == [
        "passed", "failed", "killed", "tampered", "errored", "failed"
    ]  # fmt: skip


@pytest.mark.parametrize("containment", ["landlock", "namespaces", "none"])
def test_what_a_submission_can_read_depends_on_the_containment(
    course: Course, tmp_path: Path, containment: str
) -> None:
    if containment != "none" and (missing := sandbox.lacking()[containment]):
        pytest.skip(missing)
    (tmp_path / "secret").write_text("2")
    peek = f"def double(x):\n    return int(open({str(tmp_path / 'secret')!r}).read()) * x"
    hand_in(course, "ada", peek)
    hand_in(course, "bob", SOLUTIONS["right"])
    desk, (unit,) = Desk(course), course.units
    desk.config.ContainedProvisioner.containment = containment
    batch = Batch(desk, unit, 2)
    assert set(batch.run(batch.plan(["ada", "bob"], None, False))) == {"ada", "bob"}
    assert batch.progress.lost == {}
    assert scores(course) == {"ada": 2 if containment == "none" else 0, "bob": 2}


def test_no_sandbox_warns_of_the_risk(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, "ada", SOLUTIONS["right"])
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(autograde, [course.units[0].name, "--no-sandbox"])
    assert result.exit_code == 0, result.output
    assert "every submission can read, change and send whatever you can" in result.output
    assert scores(course) == {"ada": 2}
