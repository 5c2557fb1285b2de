"""Grades for Canvas and Moodle, through nbgrader's own interface for exporters.

    nbgrader export --exporter=grader.exporters.CanvasExporter --to=canvas.csv
    nbgrader export --exporter=grader.exporters.MoodleExporter --to=moodle.csv

`--assignment='["03_blocks"]'` and `--student` choose, as with every exporter of nbgrader's.

Both are UTF-8, one row per student, one column per unit; a cell stays empty where nothing was
handed in.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Unicode

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain(text: object) -> str:
    """Return text that no spreadsheet takes for a formula.

    A student chooses their name, and an instructor opens the file: what begins like a formula gets
    an apostrophe in front, which spreadsheets do not show. (OWASP, CSV injection.)
    """
    shown = "" if text is None else str(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


class _CsvExporter(ExportPlugin):  # type: ignore[misc]
    """Writes a table of students and units."""

    best_of = Bool(
        True,
        help="A unit has one notebook per framework, and the better one counts. False adds the "
        "notebooks of an assignment up, as nbgrader does.",
    ).tag(config=True)
    default_name = "grades.csv"

    def export(self, gradebook: Gradebook) -> None:
        """Write the file that `--to` names."""
        path = Path(self.to or self.default_name)
        names = [str(name) for name in self.assignment]
        units = [unit for unit in gradebook.assignments if not names or unit.name in names]
        wanted = [str(name) for name in self.student]
        students = [each for each in gradebook.students if not wanted or each.id in wanted]
        # newline="": the csv module writes the line ends itself.
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(self.rows(gradebook, units, students))
        self.log.info("%d students, %d units: %s", len(students), len(units), path)

    def rows(self, gradebook: Gradebook, units: list[Any], students: list[Any]) -> Iterator[Any]:
        """Yield the rows, the headings first."""
        raise NotImplementedError

    def possible(self, unit: Any) -> float:
        """Return the points that a student can get for a unit."""
        points = [float(notebook.max_score) for notebook in unit.notebooks]
        return max(points, default=0.0) if self.best_of else sum(points)

    def score(self, gradebook: Gradebook, unit: Any, student: Any) -> str:
        """Return a student's points for a unit less a late penalty, "" where nothing is there."""
        try:
            submission = gradebook.find_submission(unit.name, student.id)
        except MissingEntry:
            return ""
        points = [float(notebook.score) for notebook in submission.notebooks]
        total = max(points, default=0.0) if self.best_of else sum(points)
        return f"{max(0.0, total - float(submission.late_submission_penalty or 0)):g}"


class CanvasExporter(_CsvExporter):
    """Writes what Canvas imports into its gradebook (Grades, Import)."""

    section = Unicode("", help="The section of all students.").tag(config=True)
    default_name = "canvas.csv"

    def rows(self, gradebook: Gradebook, units: list[Any], students: list[Any]) -> Iterator[Any]:
        """Yield Canvas's headings, the row of points possible, and the students."""
        own = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        yield [*own, *(plain(unit.name) for unit in units)]
        yield ["    Points Possible", "", "", "", "", *(f"{self.possible(u):g}" for u in units)]
        for student in students:
            name = ", ".join(filter(None, (student.last_name, student.first_name))) or student.id
            scores = [self.score(gradebook, unit, student) for unit in units]
            identity = plain(name), plain(student.lms_user_id), plain(student.id)
            yield [*identity, plain(student.email or student.id), plain(self.section), *scores]


class MoodleExporter(_CsvExporter):
    """Writes what Moodle imports into its grader report (Grades, Import, CSV file)."""

    default_name = "moodle.csv"

    def rows(self, gradebook: Gradebook, units: list[Any], students: list[Any]) -> Iterator[Any]:
        """Yield headings that Moodle maps by name, and the students."""
        own = ["First name", "Last name", "ID number", "Username", "Email address"]
        yield [*own, *(f"{plain(unit.name)} (max {self.possible(unit):g})" for unit in units)]
        for student in students:
            identity = (
                student.first_name,
                student.last_name,
                student.lms_user_id,
                student.id,
                student.email,
            )
            scores = [self.score(gradebook, unit, student) for unit in units]
            yield [*map(plain, identity), *scores]
