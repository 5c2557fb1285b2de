"""Takes each lesson whole, as a student opens it and as a grader runs it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from grader.bank import answered, solutions
from grader.course import Lesson, find_course
from grader.preprocessors import edition_at, grade_notebook
from grader.restore import parse_submission, restore
from grader.run import is_tests
from grader.verdicts import NotebookReport

COURSE = find_course(Path(__file__))
LESSONS = {lesson.name: lesson for lesson in COURSE.lessons()}


def hand_in(lesson: Lesson, notebook: NotebookNode) -> tuple[NotebookNode, NotebookReport]:
    """Grade a notebook as the submission of a lesson."""
    submitted = parse_submission(nbformat.writes(notebook).encode())
    restored, repairs = restore(edition_at(lesson.instructor), submitted)
    assert not repairs
    folder = str(lesson.student.parent)
    report = grade_notebook(restored, lesson.name, folder, lesson.unit.limits)
    return restored, report


@pytest.fixture(params=LESSONS)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return LESSONS[request.param]


def student(lesson: Lesson) -> NotebookNode:
    return nbformat.read(lesson.student, as_version=4)


def instructor(lesson: Lesson) -> NotebookNode:
    return nbformat.read(lesson.instructor, as_version=4)


def test_the_untouched_notebook_runs_and_gets_nothing(lesson: Lesson) -> None:
    notebook, report = hand_in(lesson, student(lesson))
    assert report.points == 0
    assert not report.notes
    tagged = {c.source for c in student(lesson).cells if "tags" in c.metadata}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not is_tests(cell) and cell.source not in tagged:
            errors = [o.evalue for o in cell.outputs if o.output_type == "error"]
            assert not errors, f"a cell that a student has not touched raises: {cell.source}"


def test_the_reference_solutions_get_full_points_and_print_nothing_to_stderr(
    lesson: Lesson,
) -> None:
    sources = {e: cell.source for e, cell in solutions(instructor(lesson)).items()}
    notebook, report = hand_in(lesson, answered(student(lesson), sources))
    assert report.points == report.max_points > 0, [c for c in report.cells if not c.points]
    assert report.start == "warm"
    for cell in notebook.cells:
        assert not any(o.get("name") == "stderr" for o in cell.get("outputs", [])), cell.source


def test_a_lesson_has_what_the_course_asks_of_it(lesson: Lesson) -> None:
    notebook = instructor(lesson)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert len(re.findall(r"\*\*Predict", text)) >= 5, "predict, then run"
    assert re.search(r"then and now", text, re.IGNORECASE)
    assert any("image/png" in o.get("data", {}) for o in outputs), "a figure"
    assert re.search(r"^\|.*PyTorch.*\|.*Keras.*\|", text, re.MULTILINE), "the side-by-side table"
    assert re.search(r"^#+ Summary", text, re.MULTILINE)
    assert re.search(r"^#+ Where to read on", text, re.MULTILINE)
    assert "you can" in notebook.cells[0].source, (
        "the opening says what a student will be able to do"
    )


def test_every_exercise_says_its_points_and_they_add_up(lesson: Lesson) -> None:
    notebook = instructor(lesson)
    for exercise in solutions(notebook):
        marks = [c.metadata.get("nbgrader", {}) for c in notebook.cells]
        worth = sum(
            m["points"] for m in marks if m.get("grade_id", "").startswith(f"{exercise}-tests-")
        )
        task = next(
            c.source
            for c in notebook.cells
            if c.metadata.get("nbgrader", {}).get("grade_id") == f"{exercise}-task"
        )
        assert f"{worth} points" in task


def test_the_front_page_leads_to_every_lesson_and_tells_its_time() -> None:
    page = (COURSE.root / "notebooks" / "README.md").read_text(encoding="utf-8")
    for unit in COURSE.units:
        row = next((line for line in page.splitlines() if f"]({unit.name})" in line), "")
        assert f"[{unit.title}]" in row, f"{unit.name} is not in the table"
        assert f"| {unit.minutes} min |" in row, row
        for lesson in COURSE.lessons(unit):
            assert f"({unit.name}/{lesson.name}.ipynb)" in row, row
        for needed in unit.prerequisites:
            assert needed[:2] in row.rpartition("min |")[2], row
