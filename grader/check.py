"""What `grader build --check` finds: broken rules, and built files that are not of their source."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from grader.bank import bank_path
from grader.build import kept_edition, made_from, text_at
from grader.course import Course, Lesson, Unit
from grader.editions import notebook_of, student_edition, text_of
from grader.listings import PAGE, TABLE, listing_findings, page, places, read_table
from grader.rules import (
    Finding,
    secret_lines,
    slot_findings,
    source_findings,
    step_findings,
)
from grader.source import Source, SourceError, read_source, text_slots

# A file of such a name in a kernel's folder would be imported in place of the real one.
_IMPORTED = {"torch", "tensorflow", "keras", "numpy", "matplotlib", "sklearn", "scipy"}
_PER_MACHINE = {"__pycache__"}


def course_findings(course: Course, units: Iterable[Unit]) -> list[Finding]:
    """Return everything wrong with `units`, and with the course around them; change nothing."""
    sources: dict[Lesson, Source] = {}
    found: list[Finding] = []
    for lesson in course.lessons():
        try:
            sources[lesson] = read_source(lesson.source)
        except SourceError as error:
            if lesson.unit in units:
                found.append(Finding(error.path, error.line, error.problem))
    for unit in units:
        of_unit = {lesson: source for lesson, source in sources.items() if lesson.unit == unit}
        for lesson, source in of_unit.items():
            broken = source_findings(source)
            found += broken or built_findings(lesson, source)
            found += leak_findings(lesson, source)
            found += slot_findings(source)
            found += bank_findings(lesson)
        found += step_findings(list(of_unit.values()))
        found += unit_file_findings(course, unit)
    found += course_file_findings(course)
    found += _page_findings(course, sources)
    return sorted(set(found))


def built_findings(lesson: Lesson, source: Source) -> Iterator[Finding]:
    """Find where the notebooks on the disk are not what a sound `source` gives."""
    way_out = f"run `grader build {lesson.unit.name}`"
    actual = {path: text_at(path) for path in (lesson.instructor, lesson.student)}
    for path, text in actual.items():
        if text is None:
            yield Finding(path, 1, f"is missing; {way_out}")
        elif notebook_of(text) is None:
            yield Finding(path, 1, f"is not a notebook of format 4.5; {way_out}")
    instructor = notebook_of(actual[lesson.instructor] or "")
    if instructor is None:
        return
    expected = kept_edition(lesson, source)
    if expected is None:
        yield Finding(lesson.instructor, 1, f"{_aged(lesson, source, instructor)}; {way_out}")
        return
    wanted = {lesson.instructor: expected, lesson.student: student_edition(expected)}
    for path, notebook in wanted.items():
        text = actual[path]
        if text is not None and notebook_of(text) is not None and text != text_of(notebook):
            yield _stale(path, text, notebook, source, way_out)


def leak_findings(lesson: Lesson, source: Source) -> Iterator[Finding]:
    """Find lines of solutions and hidden tests in the student notebook on the disk."""
    text = text_at(lesson.student)
    try:
        shown = {line.strip() for part in _strings(json.loads(text or "")) for line in part}
    except ValueError:
        return  # no notebook: `built_findings` says so
    for secret, line in secret_lines(source).items():
        if secret in shown:
            yield Finding(
                lesson.student,
                _line_with(text or "", secret),
                f"shows students line {line} of {lesson.source.name}: {secret!r}; "
                f"run `grader build {lesson.unit.name}`",
            )


def bank_findings(lesson: Lesson) -> Iterator[Finding]:
    """Find answers that are still to be written in the bank of a lesson, where it has one."""
    path = bank_path(lesson)
    if not path.exists():
        return
    try:
        yield from slot_findings(read_source(path))
    except SourceError as error:
        yield Finding(error.path, error.line, error.problem)


def unit_file_findings(course: Course, unit: Unit) -> Iterator[Finding]:
    """Find files in the folders of a unit that no lesson accounts for."""
    expected = {
        path
        for lesson in course.lessons(unit)
        for path in (lesson.source, lesson.instructor, lesson.student)
    }
    sources = {path.stem for path in expected}
    for folder in (course.root / "solutions" / unit.name, course.root / "notebooks" / unit.name):
        for path in _entries(folder):
            if path in expected:
                continue
            if path.suffix in ("", ".py") and path.stem in _IMPORTED | sys.stdlib_module_names:
                message = f"notebooks here would import it in place of {path.stem}; rename it"
            elif path.suffix == ".ipynb" and path.stem not in sources:
                message = f"is built from no lesson of {unit.name}; delete it, or register it"
            else:
                message = "is no part of the course; move it away, or delete it"
            yield Finding(path, 1, message)


def course_file_findings(course: Course) -> Iterator[Finding]:
    """Find files and folders beside the units that no unit accounts for."""
    units = {unit.name for unit in course.units}
    known = {
        "solutions": {"course.toml", "README.md", TABLE.name},
        "notebooks": {"README.md", PAGE.name},
    }
    for folder, names in known.items():
        for path in _entries(course.root / folder):
            if path.is_dir() and path.name not in units:
                message = "is no unit of course.toml; add the unit there, or delete the folder"
                yield Finding(path, 1, message)
            elif not path.is_dir() and path.name not in names:
                yield Finding(path, 1, "is no part of the course; move it away, or delete it")
    front = course.root / "notebooks" / "README.md"
    for line, what in text_slots(text_at(front) or ""):
        yield Finding(front, line, f"still to be filled in: {what}")


def _page_findings(course: Course, sources: Mapping[Lesson, Source]) -> Iterator[Finding]:
    """Find listings that are unknown or left out, and a page that is not what the lessons give."""
    table = read_table(course.root)
    if table is None:
        return
    taught = places(sources)
    yield from listing_findings(table, course, taught)
    # A lesson that cannot be read is a finding already; the page is judged when it can.
    if len(sources) == len(list(course.lessons())):
        text = text_at(course.root / PAGE)
        if text != page(table, course, taught):
            problem = "is missing" if text is None else "is out of date"
            yield Finding(course.root / PAGE, 1, f"{problem}; run `grader build`")


def _aged(lesson: Lesson, source: Source, notebook: NotebookNode) -> str:
    """Say why the outputs of `notebook` cannot be those of `source`."""
    code = [cell for cell in source.cells if cell.kind == "code"]
    there = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for position, cell in enumerate(code):
        if position >= len(there) or there[position] != cell.source:
            return f"is out of date: {lesson.source.name}:{cell.line} has changed"
    note = notebook.metadata.get("grader")
    made = note.get("versions", {}) if isinstance(note, dict) else {}
    now = made_from(source, lesson.framework)["versions"]
    differ = [
        f"{name} {made.get(name)}, now {now[name]}" for name in now if made.get(name) != now[name]
    ]
    return f"was run with {'; '.join(differ)}" if differ else "is out of date: its code has changed"


def _stale(path: Path, text: str, wanted: NotebookNode, source: Source, way_out: str) -> Finding:
    """Point at the first cell, and the first line, that is not what the source gives."""
    line = _first_difference(text, text_of(wanted))
    actual = notebook_of(text)
    cells = actual.cells if actual else []
    for position, cell in enumerate(source.cells):
        if position >= len(cells) or cells[position] != wanted.cells[position]:
            return Finding(
                path,
                line,
                f"cell {wanted.cells[position].id} is not what {source.path.name}:{cell.line} "
                f"gives; edit the source, not this file, then {way_out}",
            )
    return Finding(path, line, f"is not what {source.path.name} gives; {way_out}")


def _first_difference(text: str, wanted: str) -> int:
    lines, wanted_lines = text.split("\n"), wanted.split("\n")
    for number, pair in enumerate(zip(lines, wanted_lines, strict=False), 1):
        if pair[0] != pair[1]:
            return number
    return min(len(lines), len(wanted_lines))


def _line_with(text: str, secret: str) -> int:
    """Return the line of a JSON file on which a piece of text stands."""
    needle = json.dumps(secret, ensure_ascii=False)[1:-1]
    return next((n for n, line in enumerate(text.split("\n"), 1) if needle in line), 1)


def _strings(value: Any) -> Iterator[list[str]]:
    """Yield the lines of every text anywhere in a JSON value."""
    if isinstance(value, str):
        yield value.splitlines()
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _entries(folder: Path) -> list[Path]:
    """Return what lies in `folder`, but for what editors and Python leave behind."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name not in _PER_MACHINE
    )
