"""Says which wrong answers of the bank a failed test looks like."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from .bank import bank_path, read_bank
from .course import Lesson

MOST = 3
"""More names than this say nothing: the message alone is shown then."""


@lru_cache(maxsize=64)
def _known(path: Path, _changed: float) -> tuple[tuple[str, str, str], ...]:
    return tuple((v.exercise, v.fails, v.name) for v in read_bank(path) if not v.right)


def misconceptions(lesson: Lesson, exercise: str, messages: Iterable[str]) -> list[str]:
    """Name the wrong answers of a lesson's bank whose message is among these.

    The bank proves that each of its wrong answers gets a message that holds the words in its
    `fails`; a message with the same words was most likely earned in the same way. Several names are
    possible where tests cannot tell them apart. A course without a bank knows none.
    """
    path = bank_path(lesson)
    if not path.exists():
        return []
    said = [message for message in messages if message]
    found = [
        name
        for its_exercise, fails, name in _known(path, path.stat().st_mtime)
        if its_exercise == exercise and any(fails in message for message in said)
    ]
    return found if len(found) <= MOST else []
