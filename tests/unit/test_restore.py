"""What becomes of a submitted notebook before it is run."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.restore import Submitted, parse_submission, read_submission, restore

TESTS = "assert double(2) == 4, 'double'\n# BEGIN HIDDEN TESTS\nassert double(3) == 6\n# END"
STUB = "def double(x):\n    raise NotImplementedError()"
SOLVED = "def double(x):\n    return 2 * x"


def marked(cell: NotebookNode, grade_id: str, **marks: object) -> NotebookNode:
    cell.metadata["nbgrader"] = {"grade_id": grade_id, "grade": False, "solution": False, **marks}
    cell["id"] = grade_id
    return cell


@pytest.fixture
def template() -> NotebookNode:
    """The grading edition of a lesson with one exercise."""
    return new_notebook(
        cells=[
            marked(new_code_cell("import math"), "setup-1", locked=True),
            new_markdown_cell("# Lesson"),
            marked(new_markdown_cell("Write double."), "double-task", locked=True),
            marked(new_code_cell(STUB), "double", solution=True, locked=False),
            marked(new_code_cell(TESTS), "double-tests-1", grade=True, locked=True, points=2),
        ]
    )


@pytest.fixture
def solved(template: NotebookNode) -> NotebookNode:
    """What an honest student hands in: the student edition, solved."""
    notebook = nbformat.from_dict(json.loads(nbformat.writes(template)))
    notebook.cells[3].source = SOLVED
    notebook.cells[4].source = TESTS.split("\n")[0]
    return notebook


def restored(template: NotebookNode, handed_in: NotebookNode) -> tuple[NotebookNode, list[str]]:
    return restore(template, parse_submission(json.dumps(handed_in).encode()))


def source_of(notebook: NotebookNode, grade_id: str) -> str:
    (source,) = (
        cell.source
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )
    return source


def test_an_honest_notebook_gets_its_hidden_tests_back_and_nothing_else_changes(
    template: NotebookNode, solved: NotebookNode
) -> None:
    notebook, repairs = restored(template, solved)
    assert repairs == []
    assert source_of(notebook, "double") == SOLVED
    assert source_of(notebook, "double-tests-1") == TESTS
    assert len(notebook.cells) == len(solved.cells)


def test_the_template_is_not_changed(template: NotebookNode, solved: NotebookNode) -> None:
    before = nbformat.writes(template)
    restored(template, solved)
    assert nbformat.writes(template) == before


def test_changed_tests_are_put_back_and_said(template: NotebookNode, solved: NotebookNode) -> None:
    solved.cells[4].source = "assert True"
    notebook, repairs = restored(template, solved)
    assert source_of(notebook, "double-tests-1") == TESTS
    assert repairs == ["the cell double-tests-1 was changed; put back"]


def test_deleted_tests_are_put_back_after_their_solution(
    template: NotebookNode, solved: NotebookNode
) -> None:
    del solved.cells[4]
    notebook, repairs = restored(template, solved)
    assert repairs == ["the cell double-tests-1 was deleted; put back"]
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    assert ids.index("double-tests-1") > ids.index("double")


def test_without_any_marks_cells_are_found_by_id_text_and_what_they_define(
    template: NotebookNode, solved: NotebookNode
) -> None:
    for number, cell in enumerate(solved.cells):
        cell.metadata = {}
        cell["id"] = f"other-{number}"
    notebook, repairs = restored(template, solved)
    assert source_of(notebook, "double") == SOLVED
    assert source_of(notebook, "double-tests-1") == TESTS
    assert "the cell double had lost its mark; found again" in repairs


def test_points_and_kind_of_a_cell_come_from_the_course(
    template: NotebookNode, solved: NotebookNode
) -> None:
    solved.cells[4].metadata.nbgrader.update(points=1000, grade=False, solution=True)
    notebook, _ = restored(template, solved)
    marks = notebook.cells[4].metadata.nbgrader
    assert (marks.points, marks.grade, marks.solution) == (2, True, False)


def test_a_solution_that_became_markdown_becomes_code_again(
    template: NotebookNode, solved: NotebookNode
) -> None:
    solved.cells[3].cell_type = "markdown"
    notebook, repairs = restored(template, solved)
    assert source_of(notebook, "double") == SOLVED
    assert notebook.cells[3].cell_type == "code"
    assert "the cell double had become markdown; turned back into code" in repairs


def test_of_two_cells_with_one_mark_the_solved_one_counts_and_both_stay(
    template: NotebookNode, solved: NotebookNode
) -> None:
    solved.cells.insert(3, nbformat.from_dict({**solved.cells[3], "source": STUB}))
    notebook, repairs = restored(template, solved)
    assert source_of(notebook, "double") == SOLVED
    assert "2 cells claim to be double; the best one counts" in repairs


def test_a_students_own_cells_keep_their_place(
    template: NotebookNode, solved: NotebookNode
) -> None:
    solved.cells.insert(3, new_code_cell("helper = 1"))
    notebook, repairs = restored(template, solved)
    assert repairs == []
    sources = [cell.source for cell in notebook.cells]
    assert sources.index("helper = 1") == sources.index("Write double.") + 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not valid JSON"),
        (b"{ nonsense", "not valid JSON"),
        (b"[]", "not a notebook"),
        (b'{"cells": 3, "nbformat": 4}', "no list of cells"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"cells": [1, {"cell_type": "code"}], "nbformat": 4}', "1 cells could not be read"),
        (b'{"cells": [], "nbformat": 99}', "claims notebook format 99"),
    ],
)
def test_whatever_the_file_holds_there_is_a_notebook_to_grade(
    template: NotebookNode, data: bytes, words: str
) -> None:
    notebook, repairs = restore(template, parse_submission(data))
    assert any(words in repair for repair in repairs), repairs
    assert source_of(notebook, "double") == STUB
    assert source_of(notebook, "double-tests-1") == TESTS
    nbformat.validate(notebook)


def test_lone_surrogates_can_be_written_again(template: NotebookNode, tmp_path: Path) -> None:
    data = rb'{"cells": [{"cell_type": "code", "source": "x = \"\ud800\""}], "nbformat": 4}'
    notebook, _ = restore(template, parse_submission(data))
    nbformat.write(notebook, tmp_path / "notebook.ipynb")


def test_links_folders_and_missing_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    for name, words in (
        ("folder", "no file"),
        ("link", "links are not followed"),
        ("nothing", "no such file"),
    ):
        submitted = read_submission(tmp_path / f"{name}.ipynb")
        assert submitted.cells == []
        assert words in submitted.problems[0]


def test_an_empty_submission_is_graded_as_unsolved(template: NotebookNode) -> None:
    notebook, repairs = restore(template, Submitted())
    assert source_of(notebook, "double") == STUB
    assert repairs == ["the notebook has no cells; graded as if nothing had been done"]
