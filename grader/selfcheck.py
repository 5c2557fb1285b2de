"""Runs the visible tests of a student's notebook, exercise by exercise, and says how each stands.

Needs the released notebook and nothing else: no solutions, no gradebook, no course folder. On Linux
the code runs in the contained kernels that grading uses; elsewhere in the plain kernel that
JupyterLab uses, because it is the student's own.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from . import sandbox
from .course import FRAMEWORKS
from .errors import GraderError
from .run import exercise_of, grade_id, is_tests

CELL_SECONDS = 30
_LESSONS_OWN = re.compile(r"cell-\d+")  # the id of a cell that came with the lesson, unmarked
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class State(StrEnum):
    """How an exercise stands."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_STARTED = "not started"


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook as it was released: where it is, and its hints."""

    name: str
    title: str
    cell: int
    hints: tuple[str, ...]
    points: float


@dataclass(frozen=True)
class Result:
    """How one exercise stands, what the first test that failed said, and where to look."""

    exercise: Exercise
    state: State
    message: str = ""
    cell: int = 0
    passed: int = 0
    tests: int = 0


@dataclass
class Checked:
    """What a check of one notebook found out."""

    path: Path
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def done(self) -> bool:
        return all(result.state is State.PASSED for result in self.results)


def read_notebook(path: Path) -> NotebookNode:
    """Read a student's notebook; raises GraderError where it is none, or no lesson of a course."""
    try:
        nb: NotebookNode = nbformat.from_dict(nbformat.read(path, as_version=4))
    except FileNotFoundError:
        raise GraderError(f"there is no notebook {path}") from None
    except Exception as error:  # nbformat and json raise what they like
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise GraderError(
            f"{path} cannot be read as a notebook ({reason}); open it in JupyterLab, or take the "
            "released one again"
        ) from None
    if not any(is_tests(cell) for cell in nb.cells):
        raise GraderError(f"{path} has no exercises: it is no lesson, or its marks were lost")
    return nb


def exercises(nb: NotebookNode) -> list[Exercise]:
    """List the exercises of a notebook, in order."""
    by_id = {grade_id(cell): (number, cell) for number, cell in enumerate(nb.cells, 1)}
    found = []
    for key, (number, cell) in by_id.items():
        if not cell.metadata.get("nbgrader", {}).get("solution"):
            continue
        task = by_id.get(f"{key}-task", (0, None))[1]
        heading = re.search(r"^#+ (.+)$", task.source, re.MULTILINE) if task is not None else None
        hints = [by_id[name][1].source for name in by_id if name.startswith(f"{key}-hint-")]
        points = sum(
            float(each.metadata.nbgrader["points"])
            for each in nb.cells
            if is_tests(each) and exercise_of(each) == key
        )
        title = heading[1] if heading else key
        found.append(Exercise(key, title, number, tuple(map(_unfolded, hints)), points))
    return found


def _unfolded(hint: str) -> str:
    return re.sub(r"</?details>|<summary>.*?</summary>", "", hint).strip()


def framework_of(nb: NotebookNode) -> str:
    """Tell which framework a notebook's setup cells import."""
    setup = "\n".join(c.source for c in nb.cells if grade_id(c).startswith("setup-"))
    for framework in FRAMEWORKS:
        if re.search(rf"^\s*(import|from) {framework}\b", setup, re.MULTILINE):
            return framework
    return "none"


def kernel_for(framework: str, plain: bool) -> str:
    """Choose the contained kernel where there is one, else the one that JupyterLab uses."""
    if plain or sys.platform != "linux" or framework not in FRAMEWORKS:
        return "python3"
    try:
        sandbox.strongest()
    except sandbox.SandboxError:
        return "python3"
    return f"grader-{framework}"


class Kernel:
    """A kernel that has run the setup cells of a notebook and waits for the rest."""

    def __init__(self, name: str, folder: Path, setup: Iterable[str]) -> None:
        self.setup = tuple(setup)
        self._client = NotebookClient(
            new_notebook(),
            kernel_name=name,
            allow_errors=True,
            record_timing=False,
            shutdown_kernel="immediate",
            resources={"metadata": {"path": str(folder)}},
        )
        self._client.reset_execution_trackers()
        self._open = ExitStack()
        # What the process of a kernel has to say is not about the notebook.
        self._open.enter_context(self._client.setup_kernel(stderr=subprocess.DEVNULL))
        for source in self.setup:
            self.run(source)

    def run(self, source: str) -> NotebookNode | None:
        """Run code; return its error output, None where it raised nothing.

        Raises CellTimeoutError and DeadKernelError.
        """
        self._client.timeout = CELL_SECONDS
        cell = new_code_cell(source)
        self._client.nb.cells.append(cell)  # where nbclient looks for displays to update
        self._client.execute_cell(cell, len(self._client.nb.cells) - 1)
        errors = [output for output in cell.outputs if output.output_type == "error"]
        return errors[0] if errors else None

    def close(self) -> None:
        """End the kernel."""
        with suppress(Exception):  # one that is dead already
            self._open.close()


class Checker:
    """Checks notebooks, and keeps a kernel ready for the next one when told to stay warm."""

    def __init__(self, plain: bool = False, warm: bool = False) -> None:
        self.plain = plain
        self.warm = warm
        self._spare: dict[tuple[str, Path, tuple[str, ...]], Kernel] = {}

    def close(self) -> None:
        """End the kernels that wait."""
        for kernel in self._spare.values():
            kernel.close()
        self._spare.clear()

    def _key(self, nb: NotebookNode, path: Path) -> tuple[str, Path, tuple[str, ...]]:
        setup = tuple(
            cell.source
            for cell in nb.cells
            if cell.cell_type == "code" and grade_id(cell).startswith("setup-")
        )
        return kernel_for(framework_of(nb), self.plain), path.resolve().parent, setup

    def prepare(self, path: Path) -> None:
        """Have a kernel ready for a notebook before it is saved."""
        key = self._key(read_notebook(path), path)
        if key not in self._spare:
            self._spare[key] = Kernel(*key)

    def _take(self, key: tuple[str, Path, tuple[str, ...]]) -> Kernel:
        return self._spare.pop(key, None) or Kernel(*key)

    def check(self, path: Path) -> Checked:
        """Run the visible tests of a notebook.

        First the setup cells, the student's own cells and the exercises: that is all that an
        exercise may rely on. Only where a name is missing then, the whole notebook runs, because
        somebody may have put it into a cell of the lesson.
        """
        began = time.monotonic()
        nb = read_notebook(path)
        key = self._key(nb, path)
        errors = self._run(nb, key, whole=False)
        if any(error and error["ename"] == "NameError" for error in errors.values()):
            errors = self._run(nb, key, whole=True)
        results = [_judge(each, nb, errors) for each in exercises(nb)]
        checked = Checked(path, results, time.monotonic() - began)
        if self.warm:
            self._spare.setdefault(key, Kernel(*key))
        return checked

    def _run(
        self, nb: NotebookNode, key: tuple[str, Path, tuple[str, ...]], whole: bool
    ) -> dict[int, Any]:
        """Run cells; map the number of each that ran to its error, or None."""
        errors: dict[int, Any] = {}
        kernel = self._take(key)
        try:
            for number, cell in enumerate(nb.cells, 1):
                if not _runs(cell, whole):
                    continue
                try:
                    errors[number] = kernel.run(cell.source)
                except CellTimeoutError:
                    errors[number] = {
                        "ename": "Timeout",
                        "evalue": f"it ran longer than {CELL_SECONDS} s and was stopped: is there "
                        "a loop that never ends?",
                    }
                except DeadKernelError:
                    errors[number] = {
                        "ename": "DeadKernel",
                        "evalue": "it ended its own kernel: out of memory, or an exit() in it?",
                    }
                else:
                    continue
                kernel.close()
                kernel = self._take(key)
        finally:
            kernel.close()
        return errors


def _runs(cell: NotebookNode, whole: bool) -> bool:
    if cell.cell_type != "code" or grade_id(cell).startswith("setup-"):
        return False
    return whole or bool(grade_id(cell)) or not _LESSONS_OWN.fullmatch(cell.get("id", ""))


def _judge(exercise: Exercise, nb: NotebookNode, errors: dict[int, Any]) -> Result:
    """Weigh what the cells of an exercise raised."""
    numbers = [
        number
        for number, cell in enumerate(nb.cells, 1)
        if is_tests(cell) and exercise_of(cell) == exercise.name
    ]
    passed = sum(not errors.get(number) for number in numbers)
    if error := errors.get(exercise.cell):
        return Result(exercise, State.FAILED, _words(error), exercise.cell, 0, len(numbers))
    for number in numbers:
        if error := errors.get(number):
            untouched = error["ename"] == "NotImplementedError" and not error["evalue"]
            state = State.NOT_STARTED if untouched else State.FAILED
            message = "" if untouched else _words(error)
            return Result(exercise, state, message, number, passed, len(numbers))
    return Result(exercise, State.PASSED, "", exercise.cell, passed, len(numbers))


def _words(error: Any) -> str:
    text = _ANSI.sub("", error["evalue"]).strip()
    if error["ename"] in ("AssertionError", "Timeout", "DeadKernel"):
        return text or "an assertion failed"
    return f"{error['ename']}: {text}" if text else str(error["ename"])


def find_notebooks(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield notebooks: those named, and the lessons in folders that are named."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for found in sorted(path.rglob("*.ipynb")):
            if any(part.startswith(".") for part in found.relative_to(path).parts):
                continue
            with suppress(GraderError):
                read_notebook(found)
                yield found
