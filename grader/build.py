"""Build the notebooks of a lesson: run what changed, write what differs."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from grader.course import Lesson
from grader.editions import (
    instructor_edition,
    keep_outputs,
    notebook_of,
    outputs_of,
    student_edition,
    text_of,
)
from grader.errors import GraderError
from grader.rules import source_findings
from grader.source import Cell, Source, read_source

# What decides the outputs of a lesson, of all that pyproject.toml pins.
_RUNNERS = ("ipykernel", "nbclient", "numpy")
_PACKAGES = {"torch": ("torch",), "tensorflow": ("keras", "tensorflow")}
# TensorFlow writes to stderr at import unless told otherwise, and stderr fails a build.
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Outcome(Enum):
    """What a build did with one lesson."""

    BUILT = "built"
    OUTPUTS_KEPT = "built, outputs kept"
    UP_TO_DATE = "up to date"


def build_lesson(lesson: Lesson) -> Outcome:
    """Bring both notebooks of `lesson` up to date; raise GraderError, and write nothing, if not.

    Cells run only where the code, or a version that decides what it prints, is not what the
    instructor notebook on the disk was made from.
    """
    source = read_source(lesson.source)
    if findings := source_findings(source):
        raise GraderError("\n".join(map(str, findings)))
    instructor = kept_edition(lesson, source)
    ran = instructor is None
    if instructor is None:
        instructor = instructor_edition(source, made_from(source, lesson.framework))
        run_cells(instructor, source, lesson.unit.limits.notebook_seconds)
    texts = {
        lesson.instructor: text_of(instructor),
        lesson.student: text_of(student_edition(instructor)),
    }
    stale = {path: text for path, text in texts.items() if text_at(path) != text}
    for path, text in stale.items():
        write_atomically(path, text)
    if ran:
        return Outcome.BUILT
    return Outcome.OUTPUTS_KEPT if stale else Outcome.UP_TO_DATE


def kept_edition(lesson: Lesson, source: Source) -> NotebookNode | None:
    """Return the instructor edition with the outputs on the disk, or None where they are stale."""
    made = made_from(source, lesson.framework)
    on_disk = notebook_of(text_at(lesson.instructor) or "")
    if on_disk is None or on_disk.metadata.get("grader") != made:
        return None
    notebook = instructor_edition(source, made)
    if len(outputs_of(notebook)) != len(outputs_of(on_disk)):
        return None
    keep_outputs(notebook, outputs_of(on_disk))
    return notebook


def made_from(source: Source, framework: str) -> dict[str, Any]:
    """Return what decides the outputs of a lesson: versions by name, and one hash over all of it.

    Prose is left out: a better sentence must not cost a run.
    """
    code = [[cell.source, cell.tags] for cell in source.cells if cell.kind == "code"]
    versions = {name: _version(name) for name in (*_RUNNERS, *_PACKAGES[framework])}
    digest = hashlib.sha256(json.dumps([code, versions], sort_keys=True).encode())
    return {"sha256": digest.hexdigest(), "versions": versions}


def run_cells(notebook: NotebookNode, source: Source, seconds: float) -> None:
    """Run `notebook` in place on plain Jupyter's kernel, in the folder of its source.

    Raise GraderError with file and line at the first cell that fails, writes to stderr, takes
    longer than `seconds`, or is tagged to raise and does not.
    """
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=seconds,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(source.path.parent)}},
    )
    with _started(client):
        for index, cell in enumerate(source.cells):
            try:
                client.execute_cell(notebook.cells[index], index)
            except CellExecutionError as error:
                where = f"{source.path}:{_failing_line(cell, notebook.cells[index])}"
                what = f"raised {error.ename}; put it right: {error.evalue.strip()}"
                raise GraderError(f"{where}: {_title(cell)} {what}") from None
            except CellTimeoutError:
                problem = f"ran for more than {seconds:g} s; make it quicker"
                raise _cell_error(source, cell, problem) from None
            except DeadKernelError:
                raise _cell_error(
                    source, cell, "ended its kernel; look for an exit, a crash or too much memory"
                ) from None
            _insist_on_outputs(source, cell, notebook.cells[index])
    keep_outputs(notebook, outputs_of(notebook))


def write_atomically(path: Path, text: str) -> None:
    """Put `text` in place of the file at `path`, or leave the file as it was."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise GraderError(f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def _started(client: NotebookClient) -> Iterator[None]:
    """Hold a kernel for `client`, and end it whatever happens.

    The plain `setup_kernel` is used, not the asynchronous one, because that takes over SIGINT and
    turns Ctrl-C into a dead kernel.
    """
    environment = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"} | _QUIET
    # What cells print comes as messages; here ipykernel speaks of itself, to nobody's use unless
    # the kernel dies.
    with TemporaryFile("w+") as words:
        try:
            with client.setup_kernel(env=environment, stdout=words, stderr=words):
                yield
        except NoSuchKernel as error:
            raise GraderError(
                "no kernel python3 to run lessons on; pip install ipykernel"
            ) from error
        except RuntimeError as error:
            words.seek(0)
            last = next((line for line in reversed(words.readlines()) if line.strip()), "").strip()
            raise GraderError(f"the kernel python3 gave up: {last or error}") from error


def _insist_on_outputs(source: Source, cell: Cell, node: NotebookNode) -> None:
    """Raise when a cell that ran printed to stderr, or was meant to raise and did not."""
    outputs = node.get("outputs", [])
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            first = next((line for line in output.text.splitlines() if line.strip()), "")
            problem = f"wrote to stderr: {first.strip()!r}; keep it silent"
            raise _cell_error(source, cell, problem)
    raised = any(output.output_type == "error" for output in outputs)
    if "raises-exception" in cell.tags and not raised:
        raise _cell_error(source, cell, "is tagged raises-exception and raises nothing; untag it")


def _cell_error(source: Source, cell: Cell, problem: str) -> GraderError:
    return GraderError(f"{source.path}:{cell.line}: {_title(cell)} {problem}")


def _title(cell: Cell) -> str:
    """Say which cell it is."""
    if cell.exercise:
        return f"the {cell.role} cell of {cell.exercise}"
    return "the setup cell" if cell.role == "setup" else "the cell"


def _failing_line(cell: Cell, node: NotebookNode) -> int:
    """Return the source's line at which a cell raised, as far as its traceback tells."""
    for output in node.outputs:
        if output.output_type == "error":
            text = _ANSI.sub("", "\n".join(output.traceback))
            if found := re.search(r"Cell In\[\d+\], line (\d+)", text):
                return cell.line_of(int(found[1]) - 1)
    return cell.line


def _version(package: str) -> str:
    """Return the installed version without its build (`+cpu`): both builds print the same."""
    try:
        return version(package).split("+")[0]
    except PackageNotFoundError:
        return "absent"


def text_at(path: Path) -> str | None:
    """Return the text at `path`, "" where the file holds none, None where there is no file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
    except OSError:
        return None
