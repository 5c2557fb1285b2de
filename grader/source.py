"""Lesson sources: percent scripts, read with jupytext, with line numbers kept for messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
from jupytext.formats import JupytextFormatError

from grader.errors import GraderError

# A lesson is plain Python, so `# %time` in a cell is a comment and stays one.
_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_MARKER = re.compile(r"^\s*#\s*%%(\s.*)?$")
_LINE_OPTION = "source_line"
# What jupytext notes about the text's layout; not something an author wrote.
_LAYOUT = {"lines_to_next_cell", "lines_to_end_of_cell_marker", _LINE_OPTION}


SLOT = "FILL IN"
"""What `grader new-unit` and `grader new-exercise` write where an author has to write something."""
_SLOT = re.compile(rf"\b{SLOT}\b:?\s*(.*)")


class SourceError(GraderError):
    """A percent script that cannot be read at all; `line` is where, counted from 1."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Cell:
    """One cell as its author wrote it; `line` is that of its `# %%`, counted from 1.

    The properties give the options that a lesson cell may carry, and nothing where an option is
    missing or of the wrong type: `grader.rules` says so to the author.
    """

    line: int
    kind: str
    source: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exercise(self) -> str | None:
        value = self.options.get("exercise")
        return value if isinstance(value, str) else None

    @property
    def role(self) -> str | None:
        value = self.options.get("role")
        return value if isinstance(value, str) else None

    @property
    def points(self) -> int | None:
        value = self.options.get("points")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def listings(self) -> tuple[str, ...]:
        value = self.options.get("listing")
        return tuple(value.split()) if isinstance(value, str) else ()

    @property
    def tags(self) -> tuple[str, ...]:
        value = self.options.get("tags")
        return tuple(map(str, value)) if isinstance(value, list) else ()

    @property
    def slots(self) -> list[tuple[int, str]]:
        """Return the line in the file of each slot that is not filled in, and what belongs there.

        An option that is a slot counts where the text of the cell has none.
        """
        text = text_slots(self.source, self.line + 1)
        named = [key for key, value in self.options.items() if SLOT in str(value)]
        return text or [(self.line, f"the option {key}") for key in named]

    def line_of(self, index: int) -> int:
        """Return the file's line, from 1, of the cell's `index`-th line, from 0."""
        return self.line + 1 + index


@dataclass(frozen=True)
class Source:
    """A parsed percent script."""

    path: Path
    cells: tuple[Cell, ...]

    @property
    def exercises(self) -> dict[str, list[Cell]]:
        """Return the cells of each exercise, in the order of the lesson."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if cell.exercise is not None:
                found.setdefault(cell.exercise, []).append(cell)
        return found


def text_slots(text: str, first: int = 1) -> list[tuple[int, str]]:
    """Return the slots of a text whose first line has the number `first`; see `Cell.slots`."""
    found = ((line, _SLOT.search(each)) for line, each in enumerate(text.split("\n"), first))
    return [(line, slot[1].rstrip()) for line, slot in found if slot]


def read_source(path: Path) -> Source:
    """Parse the percent script at `path`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SourceError(path, 1, "the file is missing; write the lesson") from error
    except UnicodeDecodeError as error:
        raise SourceError(path, 1, "the file is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise SourceError(path, 1, f"cannot be read: {error.strerror}") from error
    return parse_source(path, text)


def parse_source(path: Path, text: str) -> Source:
    """Parse `text` as the percent script that stands at `path`.

    jupytext decides what starts a cell (a `%%` inside a string or a fenced block does not) but
    forgets where it stood. So it reads the text twice, the second time with the number of its line
    written as one more option on every line that may start a cell.
    """
    lines = text.splitlines()
    if not lines or not _MARKER.match(lines[0]):
        raise SourceError(
            path, 1, "the first line does not start a cell; make it '# %% [markdown]'"
        )
    plain = _read(path, text)
    numbered = _read(
        path,
        "\n".join(
            f"{line} {_LINE_OPTION}={number}" if _MARKER.match(line) else line
            for number, line in enumerate(lines, 1)
        ),
    )
    starts = [cell.metadata.get(_LINE_OPTION) for cell in numbered]
    cells: list[Cell] = []
    for position, cell in enumerate(plain):
        line = starts[position] if position < len(starts) else None
        if not isinstance(line, int) or len(starts) != len(plain):
            after = cells[-1].line if cells else 1
            raise SourceError(
                path, after, 'the cell after this one has unreadable options; write key="value"'
            )
        options = {key: value for key, value in cell.metadata.items() if key not in _LAYOUT}
        cells.append(Cell(line, cell.cell_type, cell.source, options))
    for this, following in zip(cells, [*cells[1:], None], strict=True):
        end = following.line - 1 if following else len(lines)
        _insist_on_layout(path, this, lines[this.line : end])
    return Source(path, tuple(cells))


def _read(path: Path, text: str) -> list[Any]:
    """Return the cells that jupytext finds in `text`."""
    try:
        cells: list[Any] = jupytext.reads(text, fmt=dict(_FORMAT)).cells
    except (JupytextFormatError, ValueError) as error:
        raise SourceError(path, 1, f"is not a percent script: {error}") from error
    return cells


def _insist_on_layout(path: Path, cell: Cell, lines: Sequence[str]) -> None:
    """Raise unless line `i` of the cell is line `i` of the file's text below the marker."""
    for index, line in enumerate(lines):
        if cell.kind != "code" and line.strip() and not line.startswith("#"):
            raise SourceError(
                path,
                cell.line_of(index),
                f"a line of the {cell.kind} cell does not start with '#'; "
                "comment it, or start a code cell with '# %%' above it",
            )
    for index, line in enumerate(cell.source.split("\n")):
        wrote = lines[index] if index < len(lines) else ""
        if wrote not in (line, f"# {line}", f"#{line}"):
            raise SourceError(path, cell.line_of(index), "jupytext reads this line otherwise")


def grade_ids(cells: Sequence[Cell]) -> list[str | None]:
    """Return the nbgrader id of each cell, or None where nbgrader has nothing to do with it.

    They name what a gradebook keeps, so they depend on exercise, role and order inside the exercise
    only, and not on the cells around it.
    """
    seen: Counter[tuple[str | None, str]] = Counter()
    found: list[str | None] = []
    for cell in cells:
        key = (cell.exercise, cell.role or "")
        seen[key] += 1
        found.append(_grade_id(cell, seen[key]))
    return found


def _grade_id(cell: Cell, number: int) -> str | None:
    """Return the id of the `number`-th cell of its exercise and role."""
    if cell.role == "setup":
        return f"setup-{number}"
    if cell.exercise is None:
        return None
    suffixes = {"task": "-task", "hint": f"-hint-{number}", "solution": ""}
    return cell.exercise + suffixes.get(cell.role or "", f"-{cell.role}-{number}")


def cell_ids(cells: Sequence[Cell]) -> list[str]:
    """Return an id for every cell: its nbgrader id, or its place in the lesson."""
    return [
        grade_id or f"cell-{position:02}" for position, grade_id in enumerate(grade_ids(cells), 1)
    ]
