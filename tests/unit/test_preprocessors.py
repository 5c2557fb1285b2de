"""What nbgrader's own commands get from us: reading, hiding, and a refusal to make up scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.apps import NbGraderAPI

from grader.course import Course
from grader.desk import Desk
from grader.errors import GraderError
from grader.preprocessors import (
    HideTests,
    Score,
    SubmissionExporter,
    edition_at,
    limits_of,
    split_tests,
)
from grader.verdicts import METADATA_KEY

TESTS = """\
assert f(1) == 2, "seen"
# BEGIN HIDDEN TESTS
secret = f(21)
assert secret == 42, "hidden"
# END HIDDEN TESTS
assert f(1) == 2, "seen again"
"""


def graded(*outputs: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a graded notebook: a cell of a student's with `outputs`, and a tests cell."""
    marks = {"grade": True, "solution": False, "grade_id": "f-tests-1", "points": 1}
    nb = new_notebook(
        cells=[
            new_code_cell("print(In)", outputs=list(outputs), metadata={"own": True}),
            new_code_cell(
                TESTS,
                metadata={"nbgrader": marks},
                outputs=[new_output("stream", text="assert secret == 42")],
            ),
        ]
    )
    verdict = {"grade_id": "f-tests-1", "verdict": "failed", "message": "f(21) is not 42"}
    nb.metadata[METADATA_KEY] = nbformat.from_dict({"cells": [verdict]})
    return nb


def hidden(nb: nbformat.NotebookNode) -> str:
    """Return all that is left of a notebook after hiding."""
    return json.dumps(HideTests().preprocess(nb, {})[0].cells)


def test_tests_split_into_what_students_may_see_and_the_rest() -> None:
    shown, secrets = split_tests(TESTS)
    assert shown.splitlines() == [
        'assert f(1) == 2, "seen"',
        "# (hidden tests ran here)",
        'assert f(1) == 2, "seen again"',
    ]
    assert secrets == {"secret = f(21)", 'assert secret == 42, "hidden"'}


def test_feedback_keeps_the_verdict_and_loses_what_the_tests_printed() -> None:
    text = hidden(graded())
    assert "f(21) is not 42" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "output",
    [
        new_output("stream", text="before\nsecret = f(21)\nafter"),
        new_output("execute_result", data={"text/plain": "['before\\nsecret = f(21)\\nafter']"}),
        new_output("display_data", data={"text/html": "<p>secret = f(21)</p>"}),
        new_output("error", ename="E", evalue="secret = f(21)", traceback=["secret = f(21)"]),
    ],
)
def test_a_line_that_quotes_a_hidden_test_is_removed(output: nbformat.NotebookNode) -> None:
    text = hidden(graded(output))
    assert "secret" not in text
    assert "it quotes the tests" in text


def test_a_notebook_that_was_not_graded_gets_no_score() -> None:
    nb = graded()
    del nb.metadata[METADATA_KEY]
    with pytest.raises(GraderError, match="was not graded by this course's Run"):
        Score().preprocess(nb, {"nbgrader": {}})


def test_a_damaged_file_becomes_a_notebook_without_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text("{not json")
    text, resources = SubmissionExporter().from_filename(str(path))
    assert json.loads(text)["cells"] == []
    assert "not valid JSON" in resources["submitted"].problems[0]


def test_an_unbuilt_lesson_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match="build it with: grader build"):
        edition_at(tmp_path / "a.ipynb")


def test_limits_come_from_the_registry_and_are_the_usual_ones_without_it(
    make_course: Callable[[Path], Course], tmp_path: Path
) -> None:
    course = make_course(tmp_path / "course")
    assert limits_of(course.root, "90_tiny").cell_seconds == 8
    assert limits_of(course.root, "91_unknown").cell_seconds == 30


def test_a_release_by_nbgrader_is_the_built_notebook_byte_for_byte(
    make_registered: Callable[[Path], Course], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_registered(tmp_path / "course")
    built = {lesson.student: lesson.student.read_bytes() for lesson in course.lessons()}
    assert all("grader" in nbformat.read(x.instructor, 4).metadata for x in course.lessons())
    monkeypatch.chdir(course.root)
    (unit,) = course.units
    assert NbGraderAPI(config=Desk(course).config).generate_assignment(unit.name)["success"]
    assert {path: path.read_bytes() for path in built} == built
