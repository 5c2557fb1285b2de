"""The two notebooks of a lesson, in a form that depends on their source and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells

from grader.source import Cell, Source, cell_ids, grade_ids

# What plain JupyterLab puts there, without the version of the Python at hand.
_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}

# nbformat declares no types.
_node: Callable[[Any], NotebookNode] = nbformat.from_dict
_read: Callable[[str, int], NotebookNode] = nbformat.reads
_written: Callable[[NotebookNode], str] = nbformat.writes


def instructor_edition(source: Source, made: dict[str, Any]) -> NotebookNode:
    """Turn a source that keeps the rules into its notebook, not run yet.

    `made` goes into the notebook's metadata: what its outputs are of (`grader.build.made_from`).
    """
    cells = []
    ids = zip(source.cells, cell_ids(source.cells), grade_ids(source.cells), strict=True)
    for cell, cell_id, grade_id in ids:
        node: dict[str, Any] = {
            "cell_type": cell.kind,
            "id": cell_id,
            "metadata": _cell_metadata(cell, grade_id),
            "source": cell.source,
        }
        if cell.kind == "code":
            node |= {"execution_count": None, "outputs": []}
        cells.append(node)
    return _node(
        {
            "cells": cells,
            "metadata": {**_METADATA, "grader": made},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def student_edition(instructor: NotebookNode) -> NotebookNode:
    """Return what `nbgrader generate_assignment` makes of `instructor`, without its database."""
    notebook = _node(instructor)
    notebook.metadata.pop("grader", None)
    resources: dict[str, Any] = {}
    for preprocessor in _release_passes():
        notebook, resources = preprocessor()(notebook, resources)
    return notebook


@cache
def _release_passes() -> tuple[Any, ...]:
    """Return nbgrader's own passes in its own order, but for the one that fills the gradebook."""
    passes = GenerateAssignment(coursedir=CourseDirectory()).preprocessors
    return tuple(each for each in passes if each is not SaveCells)


def keep_outputs(notebook: NotebookNode, outputs: list[Any]) -> None:
    """Give each code cell its outputs, and the number that a run from top to bottom gives it."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    count = 0
    for cell, kept in zip(code, outputs, strict=True):
        count += bool(cell.source.strip())
        cell.execution_count = count if cell.source.strip() else None
        cell.outputs = [_stable(output, count) for output in kept]


def outputs_of(notebook: NotebookNode) -> list[Any]:
    """Return the outputs of each code cell, in order."""
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def text_of(notebook: NotebookNode) -> str:
    """Return the notebook as its file holds it: sorted keys, an indent of one, a final newline."""
    nbformat.validate(notebook)
    return _written(notebook).rstrip("\n") + "\n"


def notebook_of(text: str) -> NotebookNode | None:
    """Read a notebook of the format that we write, or return None where `text` is none."""
    try:
        table = json.loads(text)
        if (table["nbformat"], table["nbformat_minor"]) != (4, 5):
            return None
        notebook = _read(text, 4)
        nbformat.validate(notebook)
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError):
        return None
    return notebook


def _cell_metadata(cell: Cell, grade_id: str | None) -> dict[str, Any]:
    """Derive a cell's metadata, nbgrader's included, from the options that its author gave it."""
    metadata: dict[str, Any] = {}
    if cell.listings:
        metadata["listing"] = " ".join(cell.listings)
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    if grade_id is not None:
        nbgrader = {
            "grade": cell.role == "tests",
            "grade_id": grade_id,
            "locked": cell.role != "solution",
            "schema_version": 3,
            "solution": cell.role == "solution",
            "task": False,
        }
        if cell.role == "tests":
            nbgrader["points"] = cell.points
        metadata["nbgrader"] = nbgrader
    return metadata


def _stable(output: Any, count: int) -> Any:
    """Return an output without what differs between machines, numbered as its cell's `count`."""
    output = _node(output)
    if output.output_type == "execute_result":
        output.execution_count = count
    if output.output_type == "error":
        output.traceback = [_INSTALLED.sub(r"\1", line) for line in output.traceback]
    return output


# Where a machine keeps Python, as IPython's tracebacks print it: in full, or from `~`.
_INSTALLED = re.compile(r"(File (?:\x1b\[[\d;]*m)*)[^\x1b\n]*?/lib/python\d\.\d+/")
