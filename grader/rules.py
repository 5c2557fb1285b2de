"""The rules that a lesson source must keep, each a pure function that yields findings."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

from grader.source import Cell, Source, grade_ids

CELL_KINDS = {
    "setup": "code",
    "task": "markdown",
    "hint": "markdown",
    "solution": "code",
    "tests": "code",
}
_ORDER = ("task", "hint", "solution", "tests")
_OPTIONS: dict[str, tuple[type, str]] = {
    "exercise": (str, 'exercise="own-sequential"'),
    "role": (str, 'role="task"'),
    "points": (int, "points=2"),
    "listing": (str, 'listing="S0-04 S3-05"'),
    "tags": (list, 'tags=["raises-exception"]'),
}
_EXERCISE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# What nbgrader cuts out of the student edition, and the only role whose cells may hold it.
_REGIONS = {"SOLUTION": "solution", "HIDDEN TESTS": "tests"}
# nbgrader acts on these too, and this course has no use for them.
_FOREIGN = re.compile(r"(BEGIN|END) MARK SCHEME|AUTOTEST")


@dataclass(frozen=True, order=True)
class Finding:
    """Something to put right: where (line from 1), what is wrong, and after the semicolon how."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Region:
    """Lines of a cell between two markers; `start` and `stop` are the markers' own, from 0."""

    start: int
    stop: int

    def holds(self, index: int) -> bool:
        """Tell whether the cell's `index`-th line, from 0, goes when nbgrader cuts the region."""
        return self.start <= index <= self.stop


def source_findings(source: Source) -> list[Finding]:
    """Return what is wrong with one lesson source; `grader build` refuses to build it meanwhile."""
    return sorted({finding for rule in _SOURCE_RULES for finding in rule(source)})


def step_findings(sources: Sequence[Source]) -> Iterator[Finding]:
    """Find where the frameworks of one unit differ in exercises, their order or their points."""
    if not sources:
        return
    first, *others = sources
    wanted = list(first.exercises.items())
    for other in others:
        for position, (exercise, cells) in enumerate(other.exercises.items()):
            line = cells[0].line
            if position >= len(wanted) or wanted[position][0] != exercise:
                there = wanted[position][0] if position < len(wanted) else "no exercise"
                yield Finding(
                    other.path,
                    line,
                    f"exercise {exercise} stands where {first.path.name} has {there}; "
                    "give both frameworks the same exercises in the same order",
                )
                break
            here, there_points = _points(cells), _points(wanted[position][1])
            if here != there_points:
                yield Finding(
                    other.path,
                    line,
                    f"exercise {exercise} gives {here} points, in {first.path.name} "
                    f"{there_points}; give both frameworks the same tests cells and points",
                )
        else:
            for exercise, _ in wanted[len(other.exercises) :]:
                yield Finding(
                    other.path,
                    other.cells[-1].line,
                    f"exercise {exercise} of {first.path.name} is missing; add it here",
                )


def slot_findings(source: Source) -> Iterator[Finding]:
    """Find what an author has still to write, in a lesson or in a bank; it builds all the same."""
    for cell in source.cells:
        for line, what in cell.slots:
            yield Finding(source.path, line, f"still to be filled in: {what}")


def regions(cell: Cell, what: str) -> list[Region]:
    """Return the closed regions of a cell; `what` is "SOLUTION" or "HIDDEN TESTS"."""
    found: list[Region] = []
    start: int | None = None
    for index, line in enumerate(cell.source.split("\n")):
        if f"BEGIN {what}" in line:
            start = index
        elif f"END {what}" in line and start is not None:
            found.append(Region(start, index))
            start = None
    return found


def secret_lines(source: Source) -> dict[str, int]:
    """Return what a student must not see, stripped, with the source's line of each.

    A line that stands outside the regions too (`return x`, a line that a hint gives away) is no
    secret.
    """
    secret: dict[str, int] = {}
    shown = set(ClearSolutions().code_stub["python"].splitlines())
    for cell in source.cells:
        hidden = [region for what in _REGIONS for region in regions(cell, what)]
        for index, line in enumerate(cell.source.split("\n")):
            if any(region.holds(index) for region in hidden):
                secret.setdefault(line.strip(), cell.line_of(index))
            else:
                shown.add(line.strip())
    return {text: line for text, line in secret.items() if text and text not in shown}


def _points(cells: Sequence[Cell]) -> str:
    """Say the points of each tests cell, such as "2 + 1"."""
    return " + ".join(str(cell.points) for cell in cells if cell.role == "tests") or "no"


def _option_rule(source: Source) -> Iterator[Finding]:
    for cell in source.cells:
        for key, value in cell.options.items():
            if key == "incorrectly_encoded_metadata":
                message = f"option {value} cannot be read; put text in quotes"
            elif key == "title":
                message = f"a cell has no title ({value}); put headings in a markdown cell"
            elif key not in _OPTIONS:
                message = f"unknown cell option {key}; known are {', '.join(_OPTIONS)}"
            elif not isinstance(value, _OPTIONS[key][0]) or isinstance(value, bool):
                message = f"option {key} has the wrong type; write {_OPTIONS[key][1]}"
            else:
                continue
            yield Finding(source.path, cell.line, message)


def _title_rule(source: Source) -> Iterator[Finding]:
    first = source.cells[0]
    if first.kind != "markdown" or not first.source.startswith("# "):
        message = "the lesson has no title; start it with a markdown cell '# # Title'"
        yield Finding(source.path, first.line, message)


def _role_rule(source: Source) -> Iterator[Finding]:
    for cell in source.cells:
        for message in _role_problems(cell):
            yield Finding(source.path, cell.line, message)


def _role_problems(cell: Cell) -> Iterator[str]:
    role, exercise = cell.role, cell.exercise
    if role is None:
        if exercise is not None:
            yield f"a cell of exercise {exercise} has no role; add role= one of {_names(_ORDER)}"
    elif role not in CELL_KINDS:
        yield f"unknown role {role!r}; use one of {_names(CELL_KINDS)}"
    elif role == "setup" and exercise is not None:
        yield "a setup cell belongs to no exercise; delete its exercise option"
    elif role != "setup" and exercise is None:
        yield f'a {role} cell without an exercise; add exercise="…"'
    elif cell.kind != CELL_KINDS[role]:
        wanted = "'# %% [markdown]'" if CELL_KINDS[role] == "markdown" else "'# %%'"
        yield f"a {role} cell must be a {CELL_KINDS[role]} cell; start it with {wanted}"
    if exercise is not None and not _EXERCISE_ID.fullmatch(exercise):
        yield f"exercise id {exercise!r} is not kebab-case; write it like 'own-sequential'"
    if role == "tests" and "points" not in cell.options:
        yield "a tests cell without points; add points=1 or what it is worth"
    if role != "tests" and "points" in cell.options:
        yield "only tests cells carry points; move the points there"
    if cell.points is not None and cell.points < 1:
        yield f"points={cell.points} is not above zero; give a whole number from 1"


def _id_rule(source: Source) -> Iterator[Finding]:
    """Find an exercise that starts twice, and ids that two cells would share."""
    closed: set[str] = set()
    current: str | None = None
    for cell in source.cells:
        if cell.exercise is None or cell.exercise == current:
            continue
        if cell.exercise in closed:
            yield Finding(
                source.path,
                cell.line,
                f"exercise {cell.exercise} starts a second time; give this one an id of its own, "
                "or move the cell up to the others",
            )
        if current is not None:
            closed.add(current)
        current = cell.exercise
    first: dict[str, Cell] = {}
    for cell, grade_id in zip(source.cells, grade_ids(source.cells), strict=True):
        if grade_id is None:
            continue
        taken = first.setdefault(grade_id, cell)
        # Two solution cells of one exercise share an id as well; `_shape_rule` says it better.
        if taken.exercise != cell.exercise:
            yield Finding(
                source.path,
                cell.line,
                f"the cell's id {grade_id} is that of line {taken.line}; rename the newer exercise",
            )


def _shape_rule(source: Source) -> Iterator[Finding]:
    """Find exercises without task, two hints, one solution or tests, or with them out of order."""
    for exercise, cells in source.exercises.items():
        for role, least, most in (("task", 1, 1), ("hint", 2, 9), ("solution", 1, 1)):
            found = [cell for cell in cells if cell.role == role]
            if len(found) < least:
                wanted = f"a {role} cell" if least == 1 else f"at least {least} {role} cells"
                message = f"exercise {exercise} has {len(found) or 'no'} {role} cell"
                yield Finding(source.path, cells[0].line, f"{message}; give it {wanted}")
            for extra in found[most:]:
                message = f"exercise {exercise} has another {role} cell; keep {most} of them"
                yield Finding(source.path, extra.line, message)
        if not any(cell.role == "tests" for cell in cells):
            message = f"exercise {exercise} has no tests cell; give it one with points"
            yield Finding(source.path, cells[0].line, message)
        ranks = [(_ORDER.index(cell.role), cell) for cell in cells if cell.role in _ORDER]
        for (rank, _), (next_rank, cell) in pairwise(ranks):
            if next_rank < rank:
                yield Finding(
                    source.path,
                    cell.line,
                    f"the {cell.role} cell of {exercise} comes after a {_ORDER[rank]} cell; "
                    f"keep the order {', '.join(_ORDER)}",
                )


def _marker_rule(source: Source) -> Iterator[Finding]:
    """Find markers in the wrong cell, without their pair, or on a line with something else."""
    for cell in source.cells:
        for what, role in _REGIONS.items():
            yield from _marker_findings(source, cell, what, role)
        for index, line in enumerate(cell.source.split("\n")):
            if found := _FOREIGN.search(line):
                message = f"nbgrader acts on {found[0]!r} wherever it stands; reword the line"
                yield Finding(source.path, cell.line_of(index), message)


def _marker_findings(source: Source, cell: Cell, what: str, role: str) -> Iterator[Finding]:
    opened: int | None = None
    for index, line in enumerate(cell.source.split("\n")):
        begins, ends = f"BEGIN {what}" in line, f"END {what}" in line
        if not begins and not ends:
            continue
        marker = f"{'BEGIN' if begins else 'END'} {what}"
        if cell.role != role:
            message = f"{marker} outside a {role} cell; move it into one"
        elif line.strip() != f"# {marker}":
            message = f"nbgrader cuts this whole line; leave only '# {marker}' on it"
        elif begins and opened is not None:
            message = f"{marker} inside another region; close that one first"
        elif ends and opened is None:
            message = f"{marker} closes nothing; add '# BEGIN {what}' above, or delete it"
        else:
            opened = index if begins else None
            continue
        yield Finding(source.path, cell.line_of(index), message)
        if begins and opened is None:
            opened = index
        elif ends:
            opened = None
    if opened is not None and cell.role == role:
        message = f"BEGIN {what} is never closed; add '# END {what}' below"
        yield Finding(source.path, cell.line_of(opened), message)


def _syntax_rule(source: Source) -> Iterator[Finding]:
    for cell in source.cells:
        if cell.kind == "code" and isinstance(error := _parsed(cell.source), SyntaxError):
            yield Finding(
                source.path,
                cell.line_of((error.lineno or 1) - 1),
                f"syntax error: {error.msg}; a code cell must be plain Python",
            )


def _solution_rule(source: Source) -> Iterator[Finding]:
    """Find solution cells whose stub would not run as it is handed out."""
    for cell in source.cells:
        if cell.role != "solution" or isinstance(_parsed(cell.source), SyntaxError):
            continue
        cut = regions(cell, "SOLUTION")
        if not cut:
            yield Finding(
                source.path,
                cell.line,
                "a solution cell without a region is handed out as a bare error; put "
                "'# BEGIN SOLUTION' and '# END SOLUTION' inside its functions",
            )
            continue
        stub = _cut(cell, ClearSolutions())
        tree = None if stub is None else _parsed(stub)
        if isinstance(tree, SyntaxError):
            message = "without its solution the cell does not parse; let the regions hold"
            yield Finding(source.path, cell.line_of(cut[0].start), f"{message} whole statements")
        elif tree is not None:
            for region, line in zip(cut, _stub_lines(cut), strict=True):
                if not _inside_function(tree, line):
                    yield Finding(
                        source.path,
                        cell.line_of(region.start),
                        "the region is outside a function, so the unsolved cell would raise and "
                        "define nothing; put regions inside functions and methods",
                    )


def _stub_lines(cut: Sequence[Region]) -> Iterator[int]:
    """Yield the line, from 1, of each `raise` that nbgrader puts in place of a region."""
    gone = 0
    for region in cut:
        yield region.start - gone + 2
        gone += region.stop - region.start + 1 - 2


def _inside_function(tree: ast.Module, line: int) -> bool:
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body[0].lineno <= line <= (node.end_lineno or 0)
        for node in ast.walk(tree)
    )


def _tests_rule(source: Source) -> Iterator[Finding]:
    """Find tests cells that nbgrader would misread, before or after the hidden tests are cut."""
    for cell in source.cells:
        tree = _parsed(cell.source) if cell.role == "tests" and cell.kind == "code" else None
        if not isinstance(tree, ast.Module):
            continue
        hidden = regions(cell, "HIDDEN TESTS")
        shown = [each for each in tree.body if not any(h.holds(each.lineno - 1) for h in hidden)]
        last = {body[-1].lineno: body[-1] for body in (tree.body, shown) if body}
        for line, statement in last.items():
            if isinstance(statement, ast.Expr):
                yield Finding(
                    source.path,
                    cell.line_of(line - 1),
                    "the tests cell ends in an expression, which nbgrader reads as a score; "
                    "assign it to a name, or assert something",
                )
        visible = _cut(cell, ClearHiddenTests())
        if hidden and visible is not None and isinstance(_parsed(visible), SyntaxError):
            message = "without its hidden tests the cell does not parse; let the region hold"
            yield Finding(source.path, cell.line_of(hidden[0].start), f"{message} whole statements")


def _assertion_rule(source: Source) -> Iterator[Finding]:
    """Find assertions that would tell a student nothing, in tests cells and in what they call."""
    for cell in source.cells:
        tree = _parsed(cell.source) if cell.role in ("setup", "tests") else None
        if not isinstance(tree, ast.Module):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert) and (
                node.msg is None or (isinstance(node.msg, ast.Constant) and not node.msg.value)
            ):
                yield Finding(
                    source.path,
                    cell.line_of(node.lineno - 1),
                    "an assertion without a message; say what was called, what came back, "
                    "what was wanted and the likely cause",
                )


def _cut(cell: Cell, preprocessor: ClearSolutions | ClearHiddenTests) -> str | None:
    """Return the cell's source as nbgrader hands it out, or None where nbgrader gives up."""
    graded = {"solution": cell.role == "solution", "grade": cell.role == "tests"}
    node: NotebookNode = nbformat.from_dict(
        {"cell_type": "code", "source": cell.source, "metadata": {"nbgrader": graded}}
    )
    try:
        node, _ = preprocessor.preprocess_cell(node, {"language": "python"}, 0)
    except RuntimeError:  # unbalanced markers, which `_marker_rule` reports
        return None
    return str(node.source)


@cache
def _parsed(code: str) -> ast.Module | SyntaxError:
    """Return the tree of `code`, or the error that keeps it from having one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in a string is not a syntax error
            return ast.parse(code)
    except SyntaxError as error:
        return error
    except ValueError as error:  # null bytes
        return SyntaxError(str(error))


def _names(words: Iterable[str]) -> str:
    return ", ".join(words)


_SOURCE_RULES: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    _option_rule,
    _title_rule,
    _role_rule,
    _id_rule,
    _shape_rule,
    _marker_rule,
    _syntax_rule,
    _solution_rule,
    _tests_rule,
    _assertion_rule,
)
