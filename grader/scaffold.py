"""New units and exercises: the files to begin with, out of `grader/templates`.

What they make keeps every rule and builds at once, with an exercise in it that shows the form.
Each place where an author has something to write holds the word of `grader.source.SLOT`, and
`grader build --check` names them all until none is left.
"""

from __future__ import annotations

import json
import keyword
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from grader.bank import bank_path
from grader.build import text_at, write_atomically
from grader.course import FRAMEWORKS, REGISTRY, Course, Lesson, Unit, unit_of
from grader.errors import GraderError
from grader.rules import source_findings
from grader.source import SLOT, Source, parse_source, read_source

FRONT_PAGE = Path("notebooks", "README.md")
# What closes a lesson; exercises stand above it.
_CLOSING = re.compile(r"#+ (PyTorch and Keras side by side|Summary|Where to read on)\b")
_EXERCISE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NO_UNITS = re.compile(r"^units\s*=\s*\[\s*\]\s*$", re.MULTILINE)


def new_unit(course: Course, entry: Mapping[str, Any], exercise: str) -> list[Path]:
    """Write lessons, banks and front page of a unit that the course does not have yet.

    `entry` is its table in the registry, which is written last: until then the course is what it
    was. Return the files that were made or changed.
    """
    unit = unit_of(entry, course.limits, f"unit {entry['name']}")
    _insist_on_new(course, unit)
    texts: dict[Path, str] = {}
    for lesson in _lessons(course, unit):
        text = _filled(
            f"lesson_{lesson.framework}",
            title=unit.title,
            minutes=str(unit.minutes),
            needs=_needs(course, unit),
        )
        texts |= _with_exercise(lesson, text, exercise)
    for path in texts:
        if path.exists():
            raise GraderError(f"{path} exists already; delete it, or give the unit another name")
    registry = course.root / REGISTRY
    last = {registry: _registered(registry, entry)}
    page = course.root / FRONT_PAGE
    if (front := text_at(page)) is not None:
        texts[page] = _listed(front, course, unit)
    for path, text in (texts | last).items():
        write_atomically(path, text)
    return [*texts, *last]


def new_exercise(lessons: list[Lesson], exercise: str) -> list[Path]:
    """Write an exercise above the closing of each lesson, and slots into its bank.

    Return the files that were changed; where one lesson cannot take it, none is.
    """
    texts: dict[Path, str] = {}
    for lesson in lessons:
        read_source(lesson.source)  # says what keeps it from being read
        texts |= _with_exercise(lesson, lesson.source.read_text(encoding="utf-8"), exercise)
    for path, text in texts.items():
        write_atomically(path, text)
    return list(texts)


def _with_exercise(lesson: Lesson, text: str, exercise: str) -> dict[Path, str]:
    """Return the texts of a lesson and of its bank with one more exercise, by path."""
    source = parse_source(lesson.source, text)
    _insist_on_id(source, exercise)
    words = {
        "exercise": exercise,
        "function": exercise.replace("-", "_"),
        "number": f"{int(lesson.unit.number)}.{len(source.exercises) + 1}",
        "unit": lesson.unit.number,
    }
    lines = text.splitlines(keepends=True)
    place = _closing_line(source) - 1
    head, tail = "".join(lines[:place]), "".join(lines[place:])
    added = _filled(f"exercise_{lesson.framework}", **words)
    text = "\n".join(part.strip("\n") + "\n" for part in (head, added, tail) if part)
    if findings := source_findings(parse_source(lesson.source, text)):
        raise GraderError("\n".join(map(str, findings)))
    bank = bank_path(lesson)
    framework = FRAMEWORKS[lesson.framework]
    known = text_at(bank)
    head = (
        _filled("bank", **words, framework=framework) if known is None else known.rstrip() + "\n\n"
    )
    return {lesson.source: text, bank: f"{head}\n{_filled('answers', **words)}"}


def _closing_line(source: Source) -> int:
    """Return the line below which a lesson sums up: after its exercises, or past its end."""
    last = max((cells[-1].line for cells in source.exercises.values()), default=0)
    for cell in source.cells:
        if cell.line > last and cell.kind == "markdown" and _CLOSING.match(cell.source):
            return cell.line
    final = source.cells[-1]
    return final.line_of(len(final.source.split("\n")))


def _insist_on_id(source: Source, exercise: str) -> None:
    """Raise unless `exercise` can be the id of one more exercise, and of the function in it."""
    if not _EXERCISE_ID.fullmatch(exercise):
        raise GraderError(f"exercise id {exercise!r} is not kebab-case; write it like 'gated-sum'")
    if keyword.iskeyword(exercise):
        raise GraderError(f"exercise id {exercise!r} is a word of Python's own; choose another")
    if exercise in source.exercises:
        line = source.exercises[exercise][0].line
        raise GraderError(f"{source.path}:{line}: exercise {exercise} is there; choose another id")


def _insist_on_new(course: Course, unit: Unit) -> None:
    """Raise where the course has a unit of this name or number, or the words fit no table."""
    for other in course.units:
        if other.name == unit.name:
            raise GraderError(
                f"unit {unit.name} is there already; for one more exercise in it: "
                f"grader new-exercise {unit.name} ID"
            )
        if other.number == unit.number:
            free = max(int(each.number) for each in course.units) + 1
            raise GraderError(
                f"number {unit.number} is that of {other.name}; {free:02} is the next free one"
            )
    if not unit.title.isprintable() or not unit.title.strip() or set(unit.title) & set('"|[]'):
        raise GraderError(f'title {unit.title!r} should be one line of text without " | [ ]')


def _lessons(course: Course, unit: Unit) -> list[Lesson]:
    return [*replace(course, units=(unit,)).lessons()]


def _needs(course: Course, unit: Unit) -> str:
    """Say what comes first, such as "lessons 01 (tensors) and 02 (automatic differentiation)"."""
    needed = [course.unit(name) for name in unit.prerequisites]
    words = [f"{each.number} ({each.title[:1].lower()}{each.title[1:]})" for each in needed]
    if not words:
        return "Python and NumPy"
    if len(words) == 1:
        return f"lesson {words[0]}"
    return f"lessons {', '.join(words[:-1])} and {words[-1]}"


def _registered(path: Path, entry: Mapping[str, Any]) -> str:
    """Return the text of the registry with one more unit at its end, comments and all."""
    text = _NO_UNITS.sub("", path.read_text(encoding="utf-8")).rstrip("\n")
    # A string, a number or a list of strings in JSON is the same in TOML.
    rows = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    text += "\n\n[[units]]\n" + "\n".join(rows) + "\n"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GraderError(
            f"{path} cannot take an entry at its end ({error}); write each unit as [[units]]"
        ) from error
    return text


def _listed(page: str, course: Course, unit: Unit) -> str:
    """Return the front page with one more row in its table, and a node and arrows in its map."""
    links = ", ".join(
        f"[{FRAMEWORKS[lesson.framework]}]({unit.name}/{lesson.name}.ipynb)"
        for lesson in _lessons(course, unit)
    )
    needs = ", ".join(name[:2] for name in unit.prerequisites) or "Python"
    row = (
        f"| {unit.number} [{unit.title}]({unit.name}): {links} "
        f"| {SLOT}: what they will do there | {unit.minutes} min | {needs} |"
    )
    node = f'    u{unit.number}["{unit.number} {unit.title}"]'
    arrows = [f"    u{name[:2]} --> u{unit.number}" for name in unit.prerequisites]
    page = _below_last(page, r"\| \d\d \[.*", [row])
    page = _below_last(page, r"    u\d\d\[.*", [node])
    return _below_last(page, r"    u\d\d --> u\d\d", arrows)


def _below_last(text: str, pattern: str, lines: list[str]) -> str:
    """Insert `lines` below the last line that has the pattern; without one, return `text`."""
    found = [*re.finditer(rf"^{pattern}$", text, re.MULTILINE)]
    if not found:
        return text
    end = found[-1].end()
    return text[:end] + "".join(f"\n{line}" for line in lines) + text[end:]


def _filled(template: str, **words: str) -> str:
    """Return a template of `grader/templates` with its `$words` filled in."""
    text = files("grader").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(words)
