"""What grading says about a tests cell, and the report that keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from sys import intern
from typing import Any

METADATA_KEY = "grading"
"""Key of a graded notebook's metadata under which its report is kept."""


class Verdict(StrEnum):
    """The eight things that can become of a tests cell."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    KILLED = "killed"
    MISSING = "missing"
    TAMPERED = "tampered"


UNUSUAL = frozenset(Verdict) - {Verdict.PASSED, Verdict.FAILED, Verdict.ERRORED}
"""Verdicts that an instructor should look at."""


@dataclass(frozen=True, slots=True)
class CellReport:
    """The verdict on one tests cell.

    `message` is said to the student, so it never holds the code of a hidden test.
    """

    grade_id: str
    exercise: str
    verdict: Verdict
    points: float
    max_points: float
    message: str = ""
    seconds: float = 0.0

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CellReport:
        """Read back what `dataclasses.asdict` wrote.

        The reports of a class hold the same texts thousands of times; here they share them.
        """
        texts = {name: intern(data[name]) for name in ("grade_id", "exercise", "message")}
        return cls(**{**data, **texts, "verdict": Verdict(data["verdict"])})


@dataclass(slots=True)
class NotebookReport:
    """Everything that grading one notebook found out.

    `repairs` says what was put right in the submitted file, `notes` what was unusual about the
    run (a cell that killed the kernel, output that was cut). `start` is "warm", or "cold: " and
    why; `fingerprint` tells of which files the report is (see `grader.batch.fingerprint`).
    """

    cells: list[CellReport] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_mb: float = 0.0
    start: str = ""
    fingerprint: str = ""

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def max_points(self) -> float:
        return sum(cell.max_points for cell in self.cells)

    def to_dict(self) -> dict[str, Any]:
        """Turn the report into what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NotebookReport:
        """Read back what `to_dict` wrote."""
        return cls(**{**data, "cells": [CellReport.from_dict(cell) for cell in data["cells"]]})
