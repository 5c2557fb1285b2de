"""What the tests of this folder know about a lesson: its files, answers and tests cells."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.bank import Variant, bank_path, read_bank, solutions
from grader.course import Course, Lesson, find_course
from grader.rules import regions
from grader.source import read_source


def course() -> Course:
    """Return the course of this repository."""
    return find_course(Path(__file__).parent)


def lesson() -> Lesson:
    """Return the lesson that the tests of this folder open."""
    blocks = course().unit("03_blocks")
    return next(each for each in course().lessons(blocks) if each.framework == "torch")


def notebook(path: Path) -> NotebookNode:
    """Read a built notebook, and say how to build one that is not there."""
    assert path.exists(), f"{path} is not built; run: grader build"
    return nbformat.read(path, as_version=4)


def reference() -> dict[str, str]:
    """Map each exercise of the lesson to the solution cell of the instructor edition."""
    cells = solutions(notebook(lesson().instructor))
    return {exercise: cell.source for exercise, cell in cells.items()}


def variant(exercise: str, name: str) -> Variant:
    """Return an answer from the bank."""
    return next(
        each
        for each in read_bank(bank_path(lesson()))
        if (each.exercise, each.name) == (exercise, name)
    )


def tests_cells(edition: NotebookNode) -> dict[str, NotebookNode]:
    """Map the grade ids of the cells that carry points to these cells."""
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in edition.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def points() -> dict[str, float]:
    """Map the tests cells of the lesson to their points."""
    cells = tests_cells(notebook(lesson().instructor))
    return {key: cell.metadata.nbgrader.points for key, cell in cells.items()}


def hidden_lines() -> list[str]:
    """Return the lines of the lesson's hidden tests that stand nowhere else in it."""
    source = read_source(lesson().source)
    hidden = {
        line.strip()
        for cell in source.cells
        for region in regions(cell, "HIDDEN TESTS")
        for line in cell.source.split("\n")[region.start + 1 : region.stop]
    }
    shown = "\n".join(cell.source for cell in notebook(lesson().student).cells)
    return [line for line in sorted(hidden) if line and line not in shown]
