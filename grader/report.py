"""What became of a class: collected from `autograded/`, shown as tables, kept as JSON and HTML."""

from __future__ import annotations

import csv
import html
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from statistics import correlation, median
from typing import Any

from rich.console import Console
from rich.table import Table

from .build import write_atomically
from .course import FRAMEWORKS, Unit
from .desk import Desk, missing_report
from .errors import GraderError
from .exporters import plain
from .misconceptions import in_words, looks_like
from .verdicts import UNUSUAL, CellReport, NotebookReport, Verdict

FORMAT = 1
"""Version of the JSON report; a reader may rely on it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One student's notebook with its report."""

    student: str
    notebook: str
    framework: str
    report: NotebookReport
    looks_like: Mapping[str, list[str]] = field(default_factory=dict)
    """Wrong answers of the bank that an exercise looks like; see `grader.misconceptions`."""

    def cells(self, exercise: str) -> list[CellReport]:
        """List the tests cells of one exercise."""
        return [cell for cell in self.report.cells if cell.exercise == exercise]

    def points(self, exercise: str) -> float:
        """Add up the points of one exercise."""
        return sum(cell.points for cell in self.cells(exercise))


@dataclass(frozen=True)
class ClassReport:
    """Everything that grading a unit found out about a class."""

    unit: Unit
    entries: tuple[Entry, ...]
    ungraded: tuple[str, ...] = ()
    """Students with a submission that has no result yet; they count nowhere."""

    def exercises(self) -> list[str]:
        """List the exercises in the order of the lesson."""
        return list(dict.fromkeys(cell.exercise for e in self.entries for cell in e.report.cells))

    def cells(self, exercise: str) -> list[tuple[Entry, list[CellReport]]]:
        """Pair each entry with its tests cells of one exercise."""
        return [(e, e.cells(exercise)) for e in self.entries]

    def pass_rate(self, exercise: str, framework: str | None = None) -> float | None:
        """Return the share of notebooks, of one framework or of all, that pass an exercise."""
        mine = [e for e in self.entries if framework in (None, e.framework) and e.cells(exercise)]
        passed = sum(exercise_verdict(e.cells(exercise)) is Verdict.PASSED for e in mine)
        return passed / len(mine) if mine else None

    def discrimination(self, exercise: str) -> float | None:
        """Correlate the points of an exercise with the points of all others.

        Near 1, those who solve it are those who solve the rest; near 0 or below, look at the
        exercise. None where it cannot be told: fewer than three notebooks, or all alike.
        (Item-rest correlation; e.g. Crocker and Algina, Introduction to Classical and Modern Test
        Theory, chapter 14.)
        """
        mine = [e for e in self.entries if e.cells(exercise)]
        own = [e.points(exercise) for e in mine]
        rest = [e.report.points - points for e, points in zip(mine, own, strict=True)]
        if len(mine) < 3 or len(set(own)) == 1 or len(set(rest)) == 1:
            return None
        return correlation(own, rest)

    def misconceptions(self) -> list[tuple[str, str, int, str]]:
        """List (exercise, wrong answers in words, how many students, a message), most first."""
        students: dict[tuple[str, str], set[str]] = {}
        sample: dict[tuple[str, str], str] = {}
        for entry in self.entries:
            for exercise, names in entry.looks_like.items():
                key = exercise, in_words(names)
                students.setdefault(key, set()).add(entry.student)
                messages = (c.message for c in entry.cells(exercise) if c.message)
                sample.setdefault(key, next(messages, ""))
        found = [(*key, len(those), sample[key]) for key, those in students.items()]
        return sorted(found, key=lambda row: -row[2])


def class_report(desk: Desk, unit: Unit) -> ClassReport:
    """Read the kept results of every student; a notebook not handed in counts as missing.

    A student who handed in one framework's notebook is not reported missing in the other. Raises
    GraderError where nothing has been graded.
    """
    entries: list[Entry] = []
    ungraded = []
    for student in desk.students(unit):
        found = [
            Entry(student, lesson.name, lesson.framework, report, looks_like(lesson, report))
            for lesson in desk.course.lessons(unit)
            if (report := desk.read_report(student, lesson)) is not None
        ]
        folder = desk.folder("submitted", student, unit)
        handed_in = [
            lesson.name
            for lesson in desk.course.lessons(unit)
            if os.path.lexists(folder / f"{lesson.name}.ipynb")
        ]
        if set(handed_in) - {entry.notebook for entry in found}:
            ungraded.append(student)
        elif not found:
            lesson = next(desk.course.lessons(unit))
            found = [Entry(student, lesson.name, lesson.framework, missing_report(lesson))]
        entries += found
    if not entries:
        raise GraderError(
            f"nothing of {unit.name} has been graded; first: grader autograde {unit.name}"
        )
    return ClassReport(unit, tuple(entries), tuple(ungraded))


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
    for exercise, name, count, _ in report.misconceptions()[:5]:
        line = f"{count} × {exercise} looks like {name}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
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
    again = f"not graded as it is now; run: grader autograde {report.unit.name}"
    lines = [f"{student}: {again}" for student in report.ungraded]
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
            marks.append(f"{entry.points(exercise):g}")
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
        "ungraded": list(report.ungraded),
        "entries": [
            {
                "student": e.student,
                "notebook": e.notebook,
                "framework": e.framework,
                "points": e.report.points,
                "max_points": e.report.max_points,
                "looks_like": dict(e.looks_like),
                **e.report.to_dict(),
            }
            for e in report.entries
        ],
    }


def write_report(desk: Desk, report: ClassReport) -> Path:
    """Write report/UNIT.json, .csv and .html; return the path of the page."""
    folder = desk.course.root / "report"
    folder.mkdir(exist_ok=True)
    write_atomically(folder / f"{report.unit.name}.csv", as_csv(report))
    data = json.dumps(as_json(report), indent=1, ensure_ascii=False)
    write_atomically(folder / f"{report.unit.name}.json", data + "\n")
    page = folder / f"{report.unit.name}.html"
    write_atomically(page, as_html(report))
    return page


def as_csv(report: ClassReport) -> str:
    """Write a row per notebook: its points by exercise, verdicts, and what it looks like."""
    exercises = report.exercises()
    file = StringIO()
    table = csv.writer(file, lineterminator="\n")
    own = ("student", "notebook", "framework", "points", "max_points", "seconds", "peak_mb")
    kinds = ("points", "verdict", "looks like")
    table.writerow([*own, *(f"{exercise} {kind}" for exercise in exercises for kind in kinds)])
    for e in report.entries:
        row: list[object] = [plain(e.student), e.notebook, e.framework, e.report.points]
        row += [e.report.max_points, e.report.seconds, e.report.peak_mb]
        for exercise in exercises:
            cells = e.cells(exercise)
            verdict = exercise_verdict(cells).value if cells else ""
            row += [e.points(exercise), verdict, " or ".join(e.looks_like.get(exercise, []))]
        table.writerow(row)
    return file.getvalue()


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse }
.wide { margin: 1rem 0; overflow-x: auto }
th, td { border: 1px solid #767676; padding: .25rem .6rem; text-align: left }
svg { width: 100%; max-width: 30rem; height: auto }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
"""


def as_html(report: ClassReport) -> str:
    """Write the report as one page that needs nothing else."""
    exercises = report.exercises()
    frameworks = list(dict.fromkeys(entry.framework for entry in report.entries))
    title = f"{report.unit.name}: {report.unit.title}"
    rows = []
    for entry in report.entries:
        marks = []
        for exercise in exercises:
            marks.append(f"<td class=n>{html.escape(_mark(entry.cells(exercise)))}</td>")
        rows.append(
            f"<tr><th scope=row>{html.escape(entry.student)}</th>"
            f"<td>{FRAMEWORKS[entry.framework]}</td>{''.join(marks)}"
            f"<td class=n>{entry.report.points:g} / {entry.report.max_points:g}</td></tr>"
        )
    per_exercise = []
    for exercise in exercises:
        own = [e for e in report.entries if e.cells(exercise)]
        mean = sum(e.points(exercise) for e in own) / len(own)
        worth = sum(cell.max_points for cell in own[0].cells(exercise))
        rates = [report.pass_rate(exercise), *(report.pass_rate(exercise, f) for f in frameworks)]
        figures = [f"{mean:.2f} / {worth:g}", *map(_percent, rates)]
        figures.append(_figure(report.discrimination(exercise)))
        shown = "".join(f"<td class=n>{figure}</td>" for figure in figures)
        per_exercise.append(f"<tr><th scope=row>{html.escape(exercise)}</th>{shown}</tr>")
    by_framework = "".join(f"<th scope=col>passed, {FRAMEWORKS[f]}</th>" for f in frameworks)
    frequent = "".join(
        f"<tr><td class=n>{count}</td><td>{html.escape(exercise)}</td>"
        f"<td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
        for exercise, name, count, text in report.misconceptions()[:20]
    )
    ran = [entry.report for entry in report.entries if entry.report.start]
    seconds = [each.seconds for each in ran] or [0.0]
    peaks = [each.peak_mb for each in ran] or [0.0]
    unusual = "".join(f"<li>{html.escape(line)}</li>" for line in unusual_lines(report))
    headings = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in exercises)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>
<body><main><h1>{html.escape(title)}</h1>
<p>{len(report.entries)} notebooks; each took {median(seconds):.1f} s in the middle and
{max(seconds):.1f} s at most, and {max(peaks):.0f} MB of memory at most.</p>
<h2>Points</h2>
{distribution(report)}
<h2>Exercises</h2>
<div class=wide role=region aria-label="Exercises" tabindex=0>
<table><thead><tr><th scope=col>exercise</th><th scope=col>mean points</th>
<th scope=col>passed</th>{by_framework}<th scope=col>discrimination</th></tr></thead>
<tbody>{"".join(per_exercise)}</tbody></table></div>
<p>Discrimination is the correlation of an exercise's points with the points of all others: near 1,
those who solve it solve the rest; near 0 or below, look at the exercise.</p>
<h2>What wrong answers look like</h2>
<div class=wide role=region aria-label="What wrong answers look like" tabindex=0>
<table><thead><tr><th scope=col>students</th><th scope=col>exercise</th>
<th scope=col>wrong answer of the bank</th><th scope=col>a message</th></tr>
</thead><tbody>{frequent}</tbody></table></div>
<p>Where the tests cannot tell wrong answers apart, all that it may be are named.</p>
<h2>Class</h2>
<div class=wide role=region aria-label="Class" tabindex=0>
<table><thead><tr><th scope=col>student</th><th scope=col>framework</th>{headings}
<th scope=col>points</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>
<h2>Unusual</h2>
<ul>{unusual or "<li>nothing</li>"}</ul>
</main></body></html>
"""


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


BINS = 10


def histogram(report: ClassReport) -> list[int]:
    """Count notebooks by their share of the points: BINS equal steps, full marks in the last."""
    counts = [0] * BINS
    for entry in report.entries:
        share = entry.report.points / entry.report.max_points if entry.report.max_points else 0.0
        counts[min(int(share * BINS), BINS - 1)] += 1
    return counts


def distribution(report: ClassReport) -> str:
    """Draw the histogram as a picture that needs nothing else, and say it in words."""
    counts = histogram(report)
    tallest = max(counts) or 1
    bars = []
    for place, count in enumerate(counts):
        height, x = 100 * count / tallest, 30 + 37 * place
        bars.append(f'<rect x="{x}" y="{120 - height:.1f}" width="33" height="{height:.1f}"/>')
        if count:
            bars.append(f'<text x="{x + 16}" y="{115 - height:.1f}">{count}</text>')
    ticks = "".join(
        f'<text x="{30 + 37 * place}" y="138">{100 * place // BINS} %</text>'
        for place in range(0, BINS + 1, 2)
    )
    words = ", ".join(
        f"{count} at {100 * place // BINS} to {100 * (place + 1) // BINS} %"
        for place, count in enumerate(counts)
        if count
    )
    return (
        '<svg viewBox="0 0 430 145" role="img" aria-label="Notebooks by share of the points: '
        f'{words}" font-size="16" text-anchor="middle" fill="currentColor">'
        f'<g fill="#2a6f97">{"".join(b for b in bars if b.startswith("<rect"))}</g>'
        f"{''.join(b for b in bars if b.startswith('<text'))}{ticks}</svg>"
        f"<p>Notebooks by share of the points: {words}.</p>"
    )
