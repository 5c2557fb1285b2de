"""The class report against figures computed by hand."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from grader.course import Limits, Unit
from grader.report import (
    ClassReport,
    Entry,
    as_html,
    as_json,
    exercise_verdict,
    print_class,
    print_unit,
    unusual_lines,
)
from grader.verdicts import CellReport, NotebookReport, Verdict


def cell(exercise: str, number: int, verdict: Verdict, worth: float = 2.0) -> CellReport:
    points = worth if verdict is Verdict.PASSED else 0.0
    message = "" if verdict is Verdict.PASSED else f"{verdict.value} <b>because</b>"
    return CellReport(f"{exercise}-tests-{number}", exercise, verdict, points, worth, message)


def entry(student: str, *cells: CellReport, **rest: object) -> Entry:
    report = NotebookReport(list(cells), start="warm", **rest)  # type: ignore[arg-type]
    return Entry(student, "tiny_torch", "torch", report)


@pytest.fixture
def report() -> ClassReport:
    unit = Unit("90_tiny", "tiny", "Tiny", (), ("torch",), 1, Limits())
    passed, failed, tampered = Verdict.PASSED, Verdict.FAILED, Verdict.TAMPERED
    return ClassReport(
        unit,
        (
            entry("ada", cell("a", 1, passed), cell("a", 2, passed, 1.0), cell("b", 1, passed)),
            entry("bob", cell("a", 1, passed), cell("a", 2, failed, 1.0), cell("b", 1, failed)),
            entry(
                "eve",
                cell("a", 1, tampered),
                cell("a", 2, tampered, 1.0),
                cell("b", 1, Verdict.ERRORED),
                repairs=["the cell a was changed; put back"],
            ),
        ),
    )


def printed(show: object, report: ClassReport) -> str:
    console = Console(file=StringIO(), width=120)
    show(console, report)  # type: ignore[operator]
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_points_add_up(report: ClassReport) -> None:
    assert [e.report.points for e in report.entries] == [5.0, 2.0, 0.0]
    assert {e.report.max_points for e in report.entries} == {5.0}


def test_an_exercise_is_passed_when_all_its_cells_are() -> None:
    some = [cell("a", 1, Verdict.PASSED), cell("a", 2, Verdict.FAILED)]
    assert exercise_verdict(some) is Verdict.FAILED
    assert exercise_verdict(some[:1]) is Verdict.PASSED
    assert exercise_verdict([*some, cell("a", 3, Verdict.TAMPERED)]) is Verdict.TAMPERED


def test_the_table_of_exercises_counts_students(report: ClassReport) -> None:
    rows = [row for row in printed(print_unit, report).splitlines() if row.startswith("│")]
    figures = [[part.strip() for part in row.strip("│").split("│")] for row in rows]
    assert figures == [
        ["1", "a", "1", "1", "0", "1", "1.67 / 3"],  # (3 + 2 + 0) / 3
        ["2", "b", "1", "1", "1", "·", "0.67 / 2"],  # (2 + 0 + 0) / 3
    ]


def test_what_is_unusual_is_said_once_and_counted(report: ClassReport) -> None:
    lines = unusual_lines(report)
    assert len(lines) == 2
    assert lines[0].startswith("eve tiny_torch: tampered, 2 tests cells")
    assert "repaired" in lines[1]
    assert "2 unusual" in printed(print_unit, report)


def test_the_class_table_has_a_row_for_each_student(report: ClassReport) -> None:
    text = printed(print_class, report)
    assert "5 / 5" in text
    assert "2 tampered, 1 repaired" in text


def test_the_page_escapes_what_students_wrote(report: ClassReport) -> None:
    page = as_html(report)
    assert "<b>because</b>" not in page
    assert "&lt;b&gt;because" in page
    assert "http" not in page, "the page needs nothing from outside"


def test_json_has_a_version_and_every_verdict(report: ClassReport) -> None:
    data = as_json(report)
    assert data["format"] == 1
    assert [each["points"] for each in data["entries"]] == [5.0, 2.0, 0.0]
    read_back = NotebookReport.from_dict(
        {key: data["entries"][2][key] for key in NotebookReport.__dataclass_fields__}
    )
    assert read_back == report.entries[2].report
