"""Damaged notebooks: small functions that break a solved notebook in one way each."""

from __future__ import annotations

import copy
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

Content = dict[str, Any]
PASSED = ("passed",)
STUB = '''\
def double(x: torch.Tensor) -> torch.Tensor:
    """Return twice `x`."""
    # YOUR CODE HERE
    raise NotImplementedError()'''
UNSOLVED = ("errored",)


@dataclass(frozen=True)
class Damage:
    """A way to break a solved notebook, and what both exercises must end as all the same."""

    name: str
    apply: Callable[[NotebookNode], bytes] | None
    double: tuple[str, ...] = PASSED
    total: tuple[str, ...] = PASSED
    says: str = ""
    beside: str = ""


def edited(change: Callable[[Content], None]) -> Callable[[NotebookNode], bytes]:
    """Turn a change of a notebook's JSON into a function from the notebook to a file's bytes."""

    def apply(solved: NotebookNode) -> bytes:
        content: Content = json.loads(json.dumps(copy.deepcopy(solved)))
        change(content)
        return json.dumps(content).encode()

    return apply


def _cell(content: Content, key: str) -> Content:
    cell: Content = next(
        cell
        for cell in content["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == key
    )
    return cell


def _mark(content: Content, key: str) -> Content:
    marks: Content = _cell(content, key)["metadata"]["nbgrader"]
    return marks


def format_3(content: Content) -> None:
    """Rewrite the notebook as IPython 2 wrote notebooks."""
    cells = content.pop("cells")
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
            cell["language"] = "python"
    content.update(nbformat=3, nbformat_minor=0, worksheets=[{"cells": cells}])


def format_99(content: Content) -> None:
    content["nbformat"] = 99


def no_format(content: Content) -> None:
    del content["nbformat"], content["nbformat_minor"]


def deleted_solution(content: Content) -> None:
    content["cells"].remove(_cell(content, "double"))


def deleted_tests(content: Content) -> None:
    content["cells"].remove(_cell(content, "double-tests-1"))


def deleted_setup(content: Content) -> None:
    content["cells"].remove(_cell(content, "setup-1"))


def duplicated(content: Content) -> None:
    cells = content["cells"]
    cells.insert(3, copy.deepcopy(_cell(content, "double-tests-1")))
    cells.insert(0, copy.deepcopy(_cell(content, "double")))


def stub_after_solution(content: Content) -> None:
    """Repeat the solution cell with the stub in it, as "duplicate cell" and a second thought do."""
    stub = copy.deepcopy(_cell(content, "double"))
    stub["source"] = STUB
    content["cells"].insert(content["cells"].index(_cell(content, "double")) + 1, stub)


def reordered(content: Content) -> None:
    content["cells"].reverse()


def retyped_solution(content: Content) -> None:
    cell = _cell(content, "double")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def retyped_tests(content: Content) -> None:
    cell = _cell(content, "double-tests-1")
    cell["cell_type"] = "raw"
    cell["source"] = "nothing"


def swapped_ids(content: Content) -> None:
    first, second = _mark(content, "double"), _mark(content, "total")
    first["grade_id"], second["grade_id"] = "total", "double"


def swapped_tests(content: Content) -> None:
    first, second = _mark(content, "double-tests-1"), _mark(content, "total-tests-1")
    first["grade_id"], second["grade_id"] = "total-tests-1", "double-tests-1"


def unknown_id(content: Content) -> None:
    _mark(content, "double")["grade_id"] = "triple"


def odd_ids(content: Content) -> None:
    for index, cell in enumerate(content["cells"]):
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = [index, {"a": None}]
        cell["id"] = {"not": "a text"}


def repeated_id(content: Content) -> None:
    for cell in content["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = "double"


def no_metadata(content: Content) -> None:
    for cell in content["cells"]:
        cell["metadata"] = {}
    content["metadata"] = {}


def metadata_of_wrong_types(content: Content) -> None:
    for cell in content["cells"]:
        cell["metadata"] = [cell["metadata"]]
    content["metadata"] = "none"


def points_changed(content: Content) -> None:
    _mark(content, "double-tests-1")["points"] = 100
    _mark(content, "total-tests-1")["points"] = -3


def tests_as_solution(content: Content) -> None:
    _mark(content, "double-tests-1").update(solution=True, locked=False, grade=True)
    _cell(content, "double-tests-1")["source"] = "pass"
    _cell(content, "double")["source"] = "def double(x):\n    return 3 * x"


def tests_emptied(content: Content) -> None:
    _cell(content, "double-tests-1")["source"] = ""
    _cell(content, "double")["source"] = "def double(x):\n    return 3 * x"


def claims_to_be_graded(content: Content) -> None:
    content["metadata"]["grading"] = {
        "cells": [
            {
                "grade_id": "double-tests-1",
                "exercise": "double",
                "verdict": "passed",
                "points": 2.0,
                "max_points": 2.0,
            }
        ],
        "repairs": [],
    }
    _cell(content, "double")["source"] = "def double(x):\n    return 3 * x"


def unknown_kernel(content: Content) -> None:
    content["metadata"]["kernelspec"] = {"name": "../../bash", "display_name": "Bash"}
    content["metadata"]["language_info"] = {"name": "bash"}


def no_cells(content: Content) -> None:
    content["cells"] = []


def cells_of_wrong_types(content: Content) -> None:
    content["cells"] += [
        None,
        3,
        [],
        {},
        {"cell_type": "code", "source": {"a": 1}},
        {"cell_type": "?"},
    ]


def many_cells(content: Content) -> None:
    empty = {"cell_type": "markdown", "metadata": {}, "source": "x", "id": "x"}
    one = {
        "cell_type": "code",
        "metadata": {},
        "source": "1",
        "id": "y",
        "outputs": [],
        "execution_count": None,
    }
    content["cells"] += [one] * 30 + [empty] * 3000


def deep_json(_: NotebookNode) -> bytes:
    return b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def surrogates(content: Content) -> None:
    _cell(content, "double")["source"] += "\nname = 'a lone \ud800 surrogate'"
    content["cells"][0]["source"] = "\udfff"


def nul_bytes(content: Content) -> None:
    content["cells"].append(
        {"cell_type": "code", "metadata": {}, "source": "a = '\0'", "id": "\0", "outputs": []}
    )


def nul_in_solution(content: Content) -> None:
    _cell(content, "double")["source"] += "\n\0"


def magic_in_front(content: Content) -> None:
    cell = _cell(content, "double")
    cell["source"] = "%%script true\n" + cell["source"]


def cut_off(solved: NotebookNode) -> bytes:
    text = json.dumps(solved)
    return text[: len(text) // 2].encode()


DAMAGES = (
    Damage("invalid-json", lambda _: b"{not json", UNSOLVED, UNSOLVED, "not valid JSON"),
    Damage("cut-off", cut_off, UNSOLVED, UNSOLVED, "not valid JSON"),
    Damage("empty-file", lambda _: b"", UNSOLVED, UNSOLVED, "not valid JSON"),
    Damage("binary", lambda _: bytes(range(256)) * 100, UNSOLVED, UNSOLVED, "not valid JSON"),
    Damage("deep-json", deep_json, UNSOLVED, UNSOLVED, "not"),
    Damage("not-a-notebook", lambda _: b'["a", "list"]', UNSOLVED, UNSOLVED, "not a notebook"),
    Damage("other-json", lambda _: b'{"cells": "none"}', UNSOLVED, UNSOLVED, "no list of cells"),
    Damage("format-3", edited(format_3), says="format 3"),
    Damage("format-99", edited(format_99), says="format 99"),
    Damage("no-format", edited(no_format), says="format None"),
    Damage("deleted-solution", edited(deleted_solution), UNSOLVED, says="double is missing"),
    Damage("deleted-tests", edited(deleted_tests), says="double-tests-1 was deleted"),
    Damage("deleted-setup", edited(deleted_setup), says="setup-1 was deleted"),
    Damage("duplicated", edited(duplicated), says="2 cells claim to be double"),
    Damage("stub-after-solution", edited(stub_after_solution), says="2 cells claim to be double"),
    Damage("reordered", edited(reordered)),
    Damage("retyped-solution", edited(retyped_solution), says="had become markdown"),
    Damage("retyped-tests", edited(retyped_tests), says="double-tests-1 was changed"),
    Damage("swapped-ids", edited(swapped_ids), says="on the wrong cell"),
    Damage("swapped-tests", edited(swapped_tests), says="was changed"),
    Damage("unknown-id", edited(unknown_id), says="no cell triple"),
    Damage("odd-ids", edited(odd_ids), says="found again"),
    Damage("repeated-id", edited(repeated_id), says="claim to be double"),
    Damage("no-metadata", edited(no_metadata), says="found again"),
    Damage("metadata-of-wrong-types", edited(metadata_of_wrong_types), says="found again"),
    Damage("points-changed", edited(points_changed)),
    Damage("tests-as-solution", edited(tests_as_solution), ("failed",), says="was changed"),
    Damage("tests-emptied", edited(tests_emptied), ("failed",), says="was changed"),
    Damage("claims-to-be-graded", edited(claims_to_be_graded), ("failed",)),
    Damage("unknown-kernel", edited(unknown_kernel)),
    Damage("no-cells", edited(no_cells), UNSOLVED, UNSOLVED, "has no cells"),
    Damage("cells-of-wrong-types", edited(cells_of_wrong_types), says="could not be read"),
    Damage("3000-cells", edited(many_cells), says="cells were added"),
    Damage("lone-surrogates", edited(surrogates)),
    Damage("nul-bytes", edited(nul_bytes)),
    Damage("nul-in-solution", edited(nul_in_solution), UNSOLVED),
    Damage("magic-in-front", edited(magic_in_front), UNSOLVED),
    Damage("folder", None, UNSOLVED, UNSOLVED, "it is no file", beside="folder"),
    Damage(
        "link-to-host-file", None, UNSOLVED, UNSOLVED, "links are not followed", beside="linked"
    ),
    Damage("dangling-link", None, UNSOLVED, UNSOLVED, "links are not followed", beside="dangling"),
    Damage("pipe", None, UNSOLVED, UNSOLVED, "it is no file", beside="pipe"),
    Damage("200-mb", None, UNSOLVED, UNSOLVED, "larger than 20 MB", beside="large"),
)


def put_beside(what: str, folder: Path, target: Path, canary: Path) -> None:
    """Put something that a student may hand in into a submission's folder.

    `target` is where the notebook belongs, `canary` a file of the host's that nobody may reach.
    """
    if what == "folder":
        target.mkdir()
        (target / "inside.txt").write_text("a file in a folder that is called like the notebook")
    elif what == "linked":
        target.symlink_to(canary)
        (folder / "timestamp.txt").symlink_to("/dev/zero")
    elif what == "dangling":
        target.symlink_to(folder / "nothing")
        (folder / "timestamp.txt").write_text("tomorrow, or the day after")
    elif what == "pipe":
        os.mkfifo(target)
        os.mkfifo(folder / "pipe.txt")
        os.mkfifo(folder / "timestamp.txt")
    elif what == "large":
        with target.open("wb") as file:
            file.truncate(200 << 20)
    elif what == "link":
        (folder / "link.txt").symlink_to(canary)
        (folder / "folder").symlink_to(canary.parent)
    elif what == "archive.zip":
        with zipfile.ZipFile(folder / what, "w") as archive:
            archive.writestr("../../../canary.txt", "LEAK")
    elif what == "data.txt":
        (folder / what).write_text("honest data")
    else:  # a module that must not be imported
        (folder / what).parent.mkdir(exist_ok=True)
        (folder / what).write_text("print('LEAK')\nallclose = equal = lambda *arguments: True\n")
