"""The class report against figures computed by hand."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from grader.course import Course, Limits, Unit
from grader.desk import Desk, Graded, missing_report
from grader.errors import GraderError
from grader.preprocessors import edition_at
from grader.report import (
    ClassReport,
    Entry,
    as_csv,
    as_html,
    as_json,
    class_report,
    exercise_verdict,
    histogram,
    print_class,
    print_unit,
    unusual_lines,
)
from grader.verdicts import METADATA_KEY, CellReport, NotebookReport, Verdict


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


def test_the_histogram_counts_every_notebook_once(report: ClassReport) -> None:
    counts = histogram(report)  # 5/5, 2/5 and 0/5
    assert [counts[9], counts[4], counts[0], sum(counts)] == [1, 1, 1, 3]
    assert "1 at 0 to 10 %, 1 at 40 to 50 %, 1 at 90 to 100 %" in as_html(report)


def test_pass_rates_are_shares_of_notebooks(report: ClassReport) -> None:
    assert report.pass_rate("a") == report.pass_rate("b") == pytest.approx(1 / 3)
    assert report.pass_rate("a", "torch") == pytest.approx(1 / 3)
    assert report.pass_rate("a", "tensorflow") is None


def test_discrimination_is_the_correlation_with_the_rest(report: ClassReport) -> None:
    # a: 3, 2, 0 against b: 2, 0, 0. Means 5/3 and 2/3; covariance sum 8/3; squares 14/3 and 8/3.
    assert report.discrimination("a") == pytest.approx(8 / 3 / (14 / 3 * 8 / 3) ** 0.5)
    one = ClassReport(report.unit, report.entries[:1])
    assert one.discrimination("a") is None
    assert "–" in as_html(one)
    alike = ClassReport(report.unit, report.entries[:1] * 3)
    assert alike.discrimination("a") is None


def test_misconceptions_are_counted_by_notebook_with_a_message(report: ClassReport) -> None:
    ada, bob, eve = report.entries
    report = ClassReport(
        report.unit,
        (
            ada,
            replace(bob, looks_like={"a": ["off-by-one"], "b": ["no-sum", "mean"]}),
            replace(eve, looks_like={"b": ["no-sum", "mean"]}),
        ),
    )
    assert report.misconceptions() == [
        ("b", "“no sum” or “mean”", 2, "failed <b>because</b>"),
        ("a", "“off by one”", 1, "failed <b>because</b>"),
    ]
    assert "<td class=n>2</td><td>b</td><td>“no sum” or “mean”</td>" in as_html(report)
    rows = list(csv.DictReader(as_csv(report).splitlines()))
    assert [row["b looks like"] for row in rows] == ["", "no-sum or mean", "no-sum or mean"]
    assert [row["a points"] for row in rows] == ["3.0", "2.0", "0.0"]
    assert rows[2]["a verdict"] == "tampered"


def test_a_student_with_both_notebooks_counts_once_where_they_look_alike(
    report: ClassReport,
) -> None:
    bob = replace(report.entries[1], looks_like={"a": ["off-by-one"]})
    both = ClassReport(report.unit, (bob, replace(bob, framework="tensorflow")))
    assert [row[2] for row in both.misconceptions()] == [1]
    assert "1 × a looks like “off by one”" in printed(print_unit, both)


def test_the_page_compares_the_frameworks(report: ClassReport) -> None:
    ada, bob, eve = report.entries
    both = ClassReport(
        report.unit,
        (ada, bob, replace(ada, framework="tensorflow"), replace(eve, framework="tensorflow")),
    )
    # a: ada passes in both; bob fails in one framework, eve in the other. b: the same.
    assert [both.pass_rate("a", f) for f in (None, "torch", "tensorflow")] == [0.5, 0.5, 0.5]
    both = ClassReport(report.unit, (ada, bob, bob, replace(ada, framework="tensorflow")))
    page = as_html(both)
    assert "passed, PyTorch</th><th scope=col>passed, TensorFlow" in page
    # a: (3 + 2 + 2 + 3) / 4 points; 2 of 4 pass, 1 of 3 in PyTorch, 1 of 1 in TensorFlow.
    figures = ["2.50 / 3", "50 %", "33 %", "100 %"]
    assert "".join(f"<td class=n>{figure}</td>" for figure in figures) in page


def test_one_notebook_makes_a_report_too(report: ClassReport) -> None:
    one = ClassReport(report.unit, report.entries[1:2])
    assert histogram(one) == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert "<td class=n>2.00 / 3</td><td class=n>0 %</td>" in as_html(one)
    assert "2.00 / 3" in printed(print_unit, one)


def test_what_is_not_graded_yet_counts_nowhere_and_is_named(
    make_registered: Callable[[Path], Course], tmp_path: Path
) -> None:
    course = make_registered(tmp_path / "course")
    desk, (unit,), lesson = Desk(course), course.units, next(course.lessons())
    for student in ("ada", "bob"):
        folder = desk.folder("submitted", student, unit)
        folder.mkdir(parents=True)
        shutil.copy(lesson.student, folder)
    with pytest.raises(GraderError, match="first: grader autograde 90_tiny"):
        class_report(desk, unit)
    notebook = nbformat.from_dict(dict(edition_at(lesson.instructor)))
    graded = missing_report(lesson)
    notebook.metadata[METADATA_KEY] = nbformat.from_dict(graded.to_dict())
    desk.record("ada", unit, [Graded(lesson.name, notebook, graded)])
    found = class_report(desk, unit)
    assert [entry.student for entry in found.entries] == ["ada"]
    assert found.ungraded == ("bob",)
    assert "bob: not graded as it is now" in unusual_lines(found)[0]
    assert as_json(found)["ungraded"] == ["bob"]


def test_a_thousand_notebooks_make_a_report_too(report: ClassReport) -> None:
    many = ClassReport(
        report.unit,
        tuple(
            replace(report.entries[n % 3], student=f"student{n}", looks_like={"a": [f"m{n % 50}"]})
            for n in range(1000)
        ),
    )
    assert sum(histogram(many)) == 1000
    assert as_html(many).count("<tr><th scope=row>student") == 1000
    assert len(many.misconceptions()) == 50
