"""Says which wrong answers of the bank a failed exercise looks like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from .bank import Variant, bank_path, read_bank
from .course import Lesson
from .evidence import NOT_STARTED
from .verdicts import CellReport, NotebookReport, Verdict

MOST = 4
"""More names than this say nothing: the message alone is shown then."""


@lru_cache(maxsize=64)
def _wrong_answers(path: Path, _changed: float) -> tuple[Variant, ...]:
    return tuple(variant for variant in read_bank(path) if not variant.right)


def misconceptions(lesson: Lesson, exercise: str, cells: Sequence[CellReport]) -> list[str]:
    """Name the wrong answers of a lesson's bank that look like the tests cells of an exercise.

    The bank proves that each of its wrong answers gets a message that holds the words in its
    `fails`, and keeps its `points`. A message with the same words was most likely earned in the
    same way; where several wrong answers get these words, those that keep as many points as this
    one are meant. What is left may be several names: the tests tell no more. A course without a
    bank knows none.
    """
    path = bank_path(lesson)
    messages = [cell.message for cell in cells if cell.verdict in (Verdict.FAILED, Verdict.ERRORED)]
    # A stub can fall into a test of what is raised, and say there what a wrong answer says.
    if not any(messages) or NOT_STARTED in messages or not path.exists():
        return []
    found = [
        variant
        for variant in _wrong_answers(path, path.stat().st_mtime)
        if variant.exercise == exercise and any(variant.fails in each for each in messages)
    ]
    points = sum(cell.points for cell in cells)
    found = [variant for variant in found if variant.points == points] or found
    return [variant.name for variant in found] if len(found) <= MOST else []


def looks_like(lesson: Lesson, report: NotebookReport) -> dict[str, list[str]]:
    """Map each exercise of a graded notebook to the wrong answers that it looks like, if any."""
    by_exercise: dict[str, list[CellReport]] = {}
    for cell in report.cells:
        by_exercise.setdefault(cell.exercise, []).append(cell)
    found = {name: misconceptions(lesson, name, cells) for name, cells in by_exercise.items()}
    return {name: names for name, names in found.items() if names}


def in_words(names: Sequence[str]) -> str:
    """Write names of wrong answers for people: python-list → “python list”."""
    return " or ".join(f"“{name.replace('-', ' ')}”" for name in names)
