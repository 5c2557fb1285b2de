"""What became of a class: collected from `autograded/`, shown as tables, kept as JSON and HTML."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .build import write_atomically
from .course import FRAMEWORKS, Unit
from .desk import Desk, missing_report
from .verdicts import UNUSUAL, CellReport, NotebookReport, Verdict

FORMAT = 1
"""Version of the JSON report; a reader may rely on it."""


@dataclass(frozen=True)
class Entry:
    """One student's notebook with its report."""

    student: str
    notebook: str
    framework: str
    report: NotebookReport


@dataclass(frozen=True)
class ClassReport:
    """Everything that grading a unit found out about a class."""

    unit: Unit
    entries: tuple[Entry, ...]

    def exercises(self) -> list[str]:
        """List the exercises in the order of the lesson."""
        return list(dict.fromkeys(cell.exercise for e in self.entries for cell in e.report.cells))

    def cells(self, exercise: str) -> list[tuple[Entry, list[CellReport]]]:
        """Pair each entry with its tests cells of one exercise."""
        return [(e, [c for c in e.report.cells if c.exercise == exercise]) for e in self.entries]


def class_report(desk: Desk, unit: Unit) -> ClassReport:
    """Read the kept results of every student; a notebook not handed in counts as missing.

    A student who handed in one framework's notebook is not reported missing in the other.
    """
    entries = []
    for student in desk.students(unit):
        found = [
            Entry(student, lesson.name, lesson.framework, report)
            for lesson in desk.course.lessons(unit)
            if (report := desk.read_report(student, lesson)) is not None
        ]
        if not found:
            lesson = next(desk.course.lessons(unit))
            found = [Entry(student, lesson.name, lesson.framework, missing_report(lesson))]
        entries += found
    return ClassReport(unit, tuple(entries))


def exercise_verdict(cells: list[CellReport]) -> Verdict:
    """Sum up the tests cells of one exercise: passed when all passed, else the worst."""
    order = [
        Verdict.TAMPERED,
        Verdict.KILLED,
        Verdict.OUT_OF_MEMORY,
        Verdict.TIMED_OUT,
        Verdict.MISSING,
        Verdict.FAILED,
        Verdict.ERRORED,
        Verdict.PASSED,
    ]
    return min((cell.verdict for cell in cells), key=order.index)


def print_unit(console: Console, report: ClassReport) -> None:
    """Print a row per exercise, then a count of everything unusual."""
    table = Table(title=f"{report.unit.name}: {report.unit.title}", title_justify="left")
    for heading in ("", "exercise", "passed", "failed", "errored", "unusual", "mean points"):
        table.add_column(heading, justify="left" if heading == "exercise" else "right")
    for number, exercise in enumerate(report.exercises(), 1):
        pairs = [(e, cells) for e, cells in report.cells(exercise) if cells]
        counts = Counter(exercise_verdict(cells) for _, cells in pairs)
        unusual = sum(counts[verdict] for verdict in UNUSUAL)
        points = sum(cell.points for _, cells in pairs for cell in cells) / len(pairs)
        worth = sum(cell.max_points for cell in pairs[0][1])
        table.add_row(
            str(number),
            exercise,
            str(counts[Verdict.PASSED]),
            str(counts[Verdict.FAILED]),
            str(counts[Verdict.ERRORED]),
            str(unusual or "·"),
            f"{points:.2f} / {worth:g}",
        )
    console.print(table)
    lines = unusual_lines(report)
    if lines:
        console.print(f"{len(lines)} unusual:", style="bold")
        for line in lines[:30]:
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        if len(lines) > 30:
            console.print(f"  … and {len(lines) - 30} more, all in the report")
    else:
        console.print("nothing unusual")


def unusual_lines(report: ClassReport) -> list[str]:
    """Say in words what an instructor should look at, a line each."""
    lines = []
    for entry in report.entries:
        name = f"{entry.student} {entry.notebook}"
        seen: dict[tuple[Verdict, str], list[str]] = {}
        for cell in entry.report.cells:
            if cell.verdict in UNUSUAL:
                seen.setdefault((cell.verdict, cell.message), []).append(cell.grade_id)
        for (verdict, message), ids in seen.items():
            where = ids[0] if len(ids) == 1 else f"{len(ids)} tests cells"
            lines.append(f"{name}: {verdict.value}, {where}: {message}")
        repairs = entry.report.repairs
        if repairs:
            more = f" (and {len(repairs) - 1} more)" if len(repairs) > 1 else ""
            lines.append(f"{name}: repaired: {repairs[0]}{more}")
        lines += [f"{name}: {note}" for note in entry.report.notes]
        if entry.report.start not in ("", "warm"):
            lines.append(f"{name}: started {entry.report.start}")
    return lines


def print_class(
    console: Console, report: ClassReport, did: Mapping[str, str] | None = None
) -> None:
    """Print a row per student and notebook; `did` says in words what each of them handed in."""
    exercises = report.exercises()
    table = Table(title="class (exercises by number)", title_justify="left")
    table.add_column("student")
    table.add_column("framework")
    for number in range(1, len(exercises) + 1):
        table.add_column(str(number), justify="right")
    table.add_column("points", justify="right")
    if did:
        table.add_column("handed in")
    table.add_column("unusual")
    for entry in report.entries:
        marks = []
        for exercise in exercises:
            cells = [cell for cell in entry.report.cells if cell.exercise == exercise]
            marks.append(f"{sum(cell.points for cell in cells):g}")
        unusual = Counter(c.verdict.value for c in entry.report.cells if c.verdict in UNUSUAL)
        if entry.report.repairs:
            unusual["repaired"] = len(entry.report.repairs)
        table.add_row(
            entry.student,
            FRAMEWORKS[entry.framework],
            *marks,
            f"{entry.report.points:g} / {entry.report.max_points:g}",
            *([did.get(entry.student, "")] if did else []),
            ", ".join(f"{count} {what}" for what, count in unusual.items()),
        )
    console.print(table)


def _mark(cells: list[CellReport]) -> str:
    if not cells:
        return ""
    points = sum(cell.points for cell in cells)
    verdict = exercise_verdict(cells)
    return f"{points:g} {verdict.value}" if verdict in UNUSUAL else f"{points:g}"


def as_json(report: ClassReport) -> dict[str, Any]:
    """Turn the report into what JSON can hold."""
    return {
        "format": FORMAT,
        "unit": report.unit.name,
        "entries": [
            {
                "student": e.student,
                "notebook": e.notebook,
                "framework": e.framework,
                "points": e.report.points,
                "max_points": e.report.max_points,
                **e.report.to_dict(),
            }
            for e in report.entries
        ],
    }


def write_report(desk: Desk, report: ClassReport) -> Path:
    """Write report/UNIT.json and report/UNIT.html; return the path of the page."""
    folder = desk.course.root / "report"
    folder.mkdir(exist_ok=True)
    data = json.dumps(as_json(report), indent=1, ensure_ascii=False)
    write_atomically(folder / f"{report.unit.name}.json", data + "\n")
    page = folder / f"{report.unit.name}.html"
    write_atomically(page, as_html(report))
    return page


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
th, td { border: 1px solid #767676; padding: .25rem .6rem; text-align: left }
td.n { text-align: right; font-variant-numeric: tabular-nums }
"""


def as_html(report: ClassReport) -> str:
    """Write the report as one page that needs nothing else."""
    exercises = report.exercises()
    title = f"{report.unit.name}: {report.unit.title}"
    rows = []
    for entry in report.entries:
        marks = []
        for exercise in exercises:
            cells = [cell for cell in entry.report.cells if cell.exercise == exercise]
            marks.append(f"<td class=n>{html.escape(_mark(cells))}</td>")
        rows.append(
            f"<tr><th scope=row>{html.escape(entry.student)}</th>"
            f"<td>{FRAMEWORKS[entry.framework]}</td>{''.join(marks)}"
            f"<td class=n>{entry.report.points:g} / {entry.report.max_points:g}</td></tr>"
        )
    messages = Counter(
        (cell.exercise, cell.message)
        for entry in report.entries
        for cell in entry.report.cells
        if cell.verdict in (Verdict.FAILED, Verdict.ERRORED)
    )
    frequent = "".join(
        f"<tr><td class=n>{count}</td><td>{html.escape(exercise)}</td>"
        f"<td>{html.escape(text)}</td></tr>"
        for (exercise, text), count in messages.most_common(20)
    )
    unusual = "".join(f"<li>{html.escape(line)}</li>" for line in unusual_lines(report))
    headings = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in exercises)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>
<body><h1>{html.escape(title)}</h1>
<h2>Class</h2>
<table><thead><tr><th scope=col>student</th><th scope=col>framework</th>{headings}
<th scope=col>points</th></tr></thead><tbody>{"".join(rows)}</tbody></table>
<h2>Most frequent messages</h2>
<table><thead><tr><th scope=col>count</th><th scope=col>exercise</th><th scope=col>message</th></tr>
</thead><tbody>{frequent}</tbody></table>
<h2>Unusual</h2>
<ul>{unusual or "<li>nothing</li>"}</ul>
</body></html>
"""
