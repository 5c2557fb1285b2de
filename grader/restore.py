"""Rebuilds a submitted notebook from the instructor edition and the student's own cells.

Nothing in a submitted file is trusted to be what it says: cells that the student may not change
come from the instructor edition, solutions are looked for by grade id, then by cell id, then by the
names that they define, and every other cell keeps its place after the nearest cell that is known.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, from_dict
from nbformat.corpus.words import generate_corpus_id
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import ClearOutput, ClearSolutions, ComputeChecksums, LockCells

NOTEBOOK_MB = 20
"""A larger file is not read: 16 of the largest lesson would fit."""
OWN_CELLS = 1000
"""Cells that a student may add; what follows is left out."""
_CELL_TYPES = ("code", "markdown", "raw")


@dataclass
class Submitted:
    """The cells of a submitted file, and what was wrong with the file."""

    cells: list[NotebookNode] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_submission(path: Path) -> Submitted:
    """Read the cells of a submitted notebook; raises nothing, whatever lies at `path`."""
    if path.is_symlink():
        return Submitted(problems=["the file is a link, and links are not followed"])
    if not path.is_file():
        return Submitted(
            problems=["there is no such file" if not path.exists() else "it is no file"]
        )
    size = path.stat().st_size
    if size > NOTEBOOK_MB << 20:
        return Submitted(problems=[f"the file is larger than {NOTEBOOK_MB} MB and was not read"])
    try:
        data = path.read_bytes()
    except OSError as error:
        return Submitted(problems=[f"the file cannot be read ({error.strerror})"])
    return parse_submission(data)


def parse_submission(data: bytes) -> Submitted:
    """Read the cells out of the bytes of a notebook of whatever version and state."""
    try:
        content = json.loads(data.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        return Submitted(problems=[f"the file is not a notebook: it is not valid JSON ({error})"])
    if not isinstance(content, dict):
        return Submitted(problems=["the file is not a notebook"])
    submitted = Submitted()
    version = content.get("nbformat")
    if version != 4:
        submitted.problems.append(f"the file claims notebook format {str(version)[:20]}; read as 4")
    cells = content.get("cells")
    if cells is None and isinstance(content.get("worksheets"), list):  # format 3
        sheets = [sheet for sheet in content["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    if not isinstance(cells, list):
        submitted.problems.append("the file is not a notebook: it has no list of cells")
        return submitted
    dropped = 0
    for cell in cells:
        known = _plain_cell(cell)
        if known is None:
            dropped += 1
        else:
            submitted.cells.append(known)
    if dropped:
        submitted.problems.append(f"{dropped} cells could not be read and were left out")
    return submitted


def _plain_cell(cell: object) -> NotebookNode | None:
    """Copy what counts of a submitted cell: type, source, id and grade id."""
    if not isinstance(cell, dict):
        return None
    kind = cell.get("cell_type")
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(str(line) for line in source)
    if kind not in _CELL_TYPES or not isinstance(source, str):
        return None
    # A lone surrogate is legal in JSON and cannot be written to any file.
    source = source.encode("utf-8", errors="replace").decode()
    plain = _new_cell(kind, source)
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    plain["id"] = str(cell.get("id", ""))[:64]
    plain.metadata = from_dict(
        {"nbgrader": {"grade_id": grade_id}} if isinstance(grade_id, str) else {}
    )
    return plain


def _new_cell(kind: str, source: str) -> NotebookNode:
    """Make a cell; nbformat's own functions check each against the schema, a millisecond each."""
    cell = NotebookNode(id=generate_corpus_id(), cell_type=kind, source=source)
    cell["metadata"] = NotebookNode()
    if kind == "code":
        cell.update(execution_count=None, outputs=[])
    return cell


def restore(template: NotebookNode, submitted: Submitted) -> tuple[NotebookNode, list[str]]:
    """Build the notebook that is graded, and say what had to be put right.

    `template` is the edition that students got, with hidden tests; it is not changed. Its unmarked
    cells are the lesson's demonstrations, and the student's versions of them stand in their place.
    """
    repairs = list(submitted.problems)
    if not submitted.cells and not repairs:
        repairs.append("the notebook has no cells; graded as if nothing had been done")
    marked = [cell for cell in template.cells if "nbgrader" in cell.metadata]
    matches = _match(marked, submitted.cells, repairs)
    own = _own_cells(submitted.cells, matches, template, repairs)
    cells: list[NotebookNode] = list(own.get("", []))
    for wanted in marked:
        key = wanted.metadata.nbgrader.grade_id
        cell = from_dict(dict(wanted))
        found = matches.get(key)
        if _is_solution(wanted):
            if found is None and submitted.cells:
                repairs.append(f"the solution cell {key} is missing; put back unsolved")
            if found is not None:
                cell.source = found.source
        elif found is None and submitted.cells:
            repairs.append(f"the cell {key} was deleted; put back")
        elif found is not None and found.source.split() != visible(wanted.source).split():
            repairs.append(f"the cell {key} was changed; put back")
        cells.append(cell)
        cells += own.get(key, [])
    if cells and not submitted.cells:
        # Nothing to keep: the lesson's own cells would only take time.
        cells = [cell for cell in cells if "nbgrader" in cell.metadata]
    for index, cell in enumerate(cells):
        if "nbgrader" not in cell.metadata:
            cell["id"] = f"own-{index}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    metadata = {key: value for key, value in template.metadata.items() if key in _KEPT_METADATA}
    return new_notebook(cells=cells, metadata=from_dict(metadata)), repairs


_KEPT_METADATA = ("kernelspec", "language_info")


def visible(source: str) -> str:
    """Return the part of a tests cell that students got."""
    kept, hidden = [], False
    for line in source.splitlines():
        if "BEGIN HIDDEN TESTS" in line:
            hidden = True
        if not hidden:
            kept.append(line)
        if "END HIDDEN TESTS" in line:
            hidden = False
    return "\n".join(kept)


def _match(
    marked: list[NotebookNode], cells: list[NotebookNode], repairs: list[str]
) -> dict[str, NotebookNode]:
    """Find the submitted cell for each marked cell of the template."""
    by_key = {cell.metadata.nbgrader.grade_id: cell for cell in marked}
    claims: dict[str, list[NotebookNode]] = {}
    for cell in cells:
        key = cell.metadata.get("nbgrader", {}).get("grade_id")
        if key in by_key:
            claims.setdefault(key, []).append(cell)
        elif key is not None:
            repairs.append(f"the lesson has no cell {key[:60]}; kept as a plain cell")
    matches = {}
    for key, claiming in claims.items():
        if len(claiming) > 1:
            repairs.append(f"{len(claiming)} cells claim to be {key}; the best one counts")
        best = _best(by_key[key], claiming)
        assert best is not None
        matches[key] = _unswapped(by_key[key], best, cells, repairs)
    taken = set(map(id, matches.values()))
    for key, wanted in by_key.items():
        if key not in matches:
            free = [cell for cell in cells if id(cell) not in taken]
            found = _lost(wanted, free)
            if found is None:
                continue
            repairs.append(f"the cell {key} had lost its mark; found again")
            matches[key] = found
            taken.add(id(found))
        if _is_solution(wanted) and matches[key].cell_type != wanted.cell_type:
            repairs.append(
                f"the cell {key} had become {matches[key].cell_type}; turned back into code"
            )
    return matches


def _lost(wanted: NotebookNode, free: list[NotebookNode]) -> NotebookNode | None:
    """Find a cell that nothing marks as `wanted`: by its own id, by what it defines, by its text.

    Some editors lose metadata, and some students clean it up.
    """
    found = _best(wanted, [cell for cell in free if cell["id"] == wanted.get("id")])
    if found is None and _is_solution(wanted):
        names = set(defined_names(wanted.source))
        found = _best(
            wanted, [cell for cell in free if names and names <= set(defined_names(cell.source))]
        )
    if found is None:
        text = visible(wanted.source).split()
        found = next((cell for cell in free if cell.source.split() == text), None)
    return found


def _is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata.nbgrader.get("solution"))


def _unswapped(
    wanted: NotebookNode, found: NotebookNode, cells: list[NotebookNode], repairs: list[str]
) -> NotebookNode:
    """Return the cell that defines what is asked for, where `found` defines other things."""
    names, defined = set(defined_names(wanted.source)), set(defined_names(found.source))
    if not _is_solution(wanted) or not defined or defined & names:
        return found
    better = _best(wanted, [cell for cell in cells if names <= set(defined_names(cell.source))])
    if better is None:
        return found
    repairs.append(f"the mark of {wanted.metadata.nbgrader.grade_id} was on the wrong cell")
    return better


def _best(wanted: NotebookNode, cells: list[NotebookNode]) -> NotebookNode | None:
    """Choose among cells with one claim: of the right type, changed from the stub, the last."""
    if not cells:
        return None
    return max(
        enumerate(cells),
        key=lambda item: (
            item[1].cell_type == wanted.cell_type,
            item[1].source.strip() != wanted.source.strip(),
            item[0],
        ),
    )[1]


def defined_names(source: str) -> Iterator[str]:
    """Yield the functions and classes that a cell defines at its top level."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def _own_cells(
    cells: Iterable[NotebookNode],
    matches: dict[str, NotebookNode],
    template: NotebookNode,
    repairs: list[str],
) -> dict[str, list[NotebookNode]]:
    """Group the student's other cells under the key of the marked cell that they follow.

    A second copy of a stub is left out: it would undo the solution above it.
    """
    stubs = {
        (cell.metadata.nbgrader.grade_id, cell.source.strip())
        for cell in template.cells
        if "nbgrader" in cell.metadata and _is_solution(cell)
    }
    keys = {id(cell): key for key, cell in matches.items()}
    lesson = {cell.source for cell in template.cells}
    groups: dict[str, list[NotebookNode]] = {}
    anchor, count = "", 0
    for cell in cells:
        if id(cell) in keys:
            anchor = keys[id(cell)]
            continue
        if (cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source.strip()) in stubs:
            continue
        count += 1
        if count > OWN_CELLS + len(template.cells):
            repairs.append(f"more than {OWN_CELLS} cells were added; the rest was left out")
            break
        plain = _new_cell(cell.cell_type, cell.source)
        if cell.source not in lesson:
            plain.metadata["own"] = True
        groups.setdefault(anchor, []).append(plain)
    return groups


def grading_edition(instructor: NotebookNode) -> NotebookNode:
    """Return what students got of the instructor edition, but with the hidden tests in it.

    These are nbgrader's own passes for a release, up to the one that takes hidden tests out.
    """
    notebook: NotebookNode = from_dict(dict(instructor))
    resources = ResourcesDict()
    for step in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums):
        notebook, resources = step()(notebook, resources)
    return notebook
