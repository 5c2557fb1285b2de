"""The bank of wrong and right answers that proves a lesson's tests, and submissions made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode, from_dict

from .course import Lesson
from .errors import GraderError
from .restore import defined_names
from .source import read_source

_OPTIONS = {"exercise", "wrong", "right", "fails", "points", "verdict"}


@dataclass(frozen=True)
class Variant:
    """One answer to one exercise, as a student would write it.

    A wrong answer says which words the message must hold (`fails`), how the tests cell that says
    them must end (`verdict`) and how many points remain.
    """

    exercise: str
    name: str
    right: bool
    source: str
    fails: str = ""
    points: float = 0.0
    verdict: str = "failed"


def bank_path(lesson: Lesson) -> Path:
    """Return where the bank of a lesson lies."""
    return lesson.root / "tests" / "variants" / lesson.unit.name / f"{lesson.name}.py"


def read_bank(path: Path) -> list[Variant]:
    """Read the variants of a bank file, a cell each, but for those still to be written."""
    variants: list[Variant] = []
    for cell in read_source(path).cells:
        if cell.kind != "code" or not cell.source.strip() or cell.slots:
            continue
        options = cell.options
        where = f"{path}:{cell.line}: the variant"
        if unknown := set(options) - _OPTIONS:
            raise GraderError(f"{where} has unknown options: {', '.join(sorted(unknown))}")
        if "exercise" not in options or ("right" in options) == ("wrong" in options):
            raise GraderError(f'{where} needs exercise="…" and one of right="…", wrong="…"')
        if "wrong" in options and not options.get("fails"):
            raise GraderError(f'{where} needs fails="…": words that its message must contain')
        right = "right" in options
        variant = Variant(
            options["exercise"],
            options["right" if right else "wrong"],
            right,
            cell.source,
            options.get("fails", ""),
            float(options.get("points", 0)),
            options.get("verdict", "failed"),
        )
        if any((v.exercise, v.name) == (variant.exercise, variant.name) for v in variants):
            raise GraderError(f"{where}: {variant.exercise} has two variants {variant.name!r}")
        variants.append(variant)
    return variants


def solutions(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Map each exercise of a notebook to its solution cell."""
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def answered(student: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Return a copy of a student notebook with answers written into its solution cells."""
    notebook: NotebookNode = from_dict(dict(student))
    cells = solutions(notebook)
    for exercise, source in answers.items():
        if exercise not in cells:
            raise GraderError(f"the lesson has no exercise {exercise!r}; it has {', '.join(cells)}")
        cells[exercise].source = source
    return notebook


def only(notebook: NotebookNode, *exercises: str) -> NotebookNode:
    """Return a copy that holds the setup cells and some exercises: all that an answer relies on."""
    names = "|".join(map(re.escape, exercises))
    wanted = re.compile(rf"setup-\d+|({names})(-task|-hint-\d+|-tests-\d+)?")
    copy: NotebookNode = from_dict(dict(notebook))
    copy.cells = [
        cell
        for cell in copy.cells
        if wanted.fullmatch(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
    ]
    return copy


# Answers that no test may be taken in by, whatever it asks for.
LIARS = {
    "none": "None",
    "mock": "__import__('unittest.mock').mock.MagicMock()",
    "equal-to-everything": (
        "type('Yes', (), {'__eq__': lambda s, o: True, '__ne__': lambda s, o: False, "
        "'__getattr__': lambda s, n: s, '__call__': lambda s, *a, **k: s, "
        "'__bool__': lambda s: True, '__iter__': lambda s: iter([s]), '__len__': lambda s: 1, "
        "'__getitem__': lambda s, i: s, '__hash__': lambda s: 1})()"
    ),
}


def liar(stub: str, name: str) -> str:
    """Write an answer that gives one of the `LIARS` for everything that `stub` defines."""
    return "\n".join(f"{each} = lambda *a, **k: {LIARS[name]}" for each in defined_names(stub))
