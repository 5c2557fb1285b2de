"""What a student's commands say: check, watch and progress, contained and on the plain kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import nbformat
import pytest
from click.testing import CliRunner, Result
from nbformat.v4 import new_code_cell

from grader import selfcheck
from grader.bank import answered, solutions
from grader.check_command import check
from grader.course import Course
from grader.progress_command import progress

RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "total": "def total(numbers):\n    return float(sum(numbers))",
}
WRONG = "def double(x):\n    return 3 * x"


@pytest.fixture
def notebook(
    make_course: Callable[[Path], Course], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Lay a released notebook alone into a folder; progress is kept in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    course = make_course(tmp_path / "course")
    released = next(x for x in course.lessons() if x.framework == "torch").student
    folder = tmp_path / "student"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return released.rename(folder / released.name)


def solve(notebook: Path, answers: dict[str, str]) -> None:
    nb = nbformat.read(notebook, as_version=4)
    nbformat.write(answered(nb, answers), notebook)


def run(*words: str) -> Result:
    return CliRunner().invoke(check, words)


@pytest.mark.parametrize("words", [(), ("--plain",)], ids=["contained", "plain"])
def test_check_says_how_each_exercise_stands(notebook: Path, words: tuple[str, ...]) -> None:
    untouched = run(*words)
    assert untouched.exit_code == 1
    assert untouched.output.count("· not started") == 2

    solve(notebook, {"double": WRONG})
    wrong = run(*words)
    assert wrong.exit_code == 1
    assert wrong.output.count("✗ failed") == 1
    cells = nbformat.read(notebook, as_version=4).cells
    number = next(n for n, c in enumerate(cells, 1) if c.id == "double-tests-1")
    assert f"cell {number}, 0 of 1 tests pass" in wrong.output
    assert "wanted twos" in wrong.output
    assert "Traceback" not in wrong.output

    solve(notebook, RIGHT)
    right = run(*words)
    assert right.exit_code == 0, right.output
    assert right.output.count("✓ passed") == 2


def test_code_that_does_not_run_is_named_with_its_own_cell(notebook: Path) -> None:
    solve(notebook, {"double": "def double(x):\nreturn 2 * x"})
    result = run()
    nb = nbformat.read(notebook, as_version=4)
    number = nb.cells.index(solutions(nb)["double"]) + 1
    assert f"cell {number}, 0 of 1 tests pass" in result.output
    assert "IndentationError" in result.output


def test_helpers_are_found_in_own_cells_and_in_cells_of_the_lesson(notebook: Path) -> None:
    for place in ("own", "the lesson's"):
        nb = nbformat.read(notebook, as_version=4)
        first = next(i for i, c in enumerate(nb.cells) if c.id == "setup-1") + 1
        helper = new_code_cell("def twice(x):\n    return x + x")
        if place == "the lesson's":
            nb.cells = [c for c in nb.cells if "def twice" not in c.source]
            helper["id"] = "cell-99"
        nb.cells.insert(first, helper)
        nbformat.write(nb, notebook)
        solve(notebook, {"double": "def double(x):\n    return twice(x)"})
        result = run()
        assert result.output.count("✓ passed") == 1, f"{place}: {result.output}"


def test_an_endless_loop_and_a_dead_kernel_cost_their_exercise_only(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selfcheck, "CELL_SECONDS", 2)
    for body, message in (("while True: pass", "a loop that never ends?"), ("exit()", "exit()")):
        source = f"def double(x):\n    import os\n    {body.replace('exit()', 'os._exit(0)')}"
        solve(notebook, RIGHT | {"double": source})
        result = run()
        assert message in result.output
        assert result.output.count("✓ passed") == 1, result.output


def test_hints_come_one_by_one(notebook: Path) -> None:
    shown = [run("--hint").output for _ in range(3)]
    assert all("Hint 1 of 2" in shown[0] and "Hint 2 of 2" in each for each in shown[1:])
    assert "<details>" not in shown[0]


def test_json_holds_the_same_for_tools(notebook: Path) -> None:
    solve(notebook, {"double": RIGHT["double"]})
    (found,) = json.loads(run("--json").output)["notebooks"]
    assert found["notebook"].endswith("tiny_torch.ipynb")
    assert [e["state"] for e in found["exercises"]] == ["passed", "not started"]
    assert not found["done"]


def test_progress_remembers_what_check_found(notebook: Path) -> None:
    solve(notebook, {"double": RIGHT["double"]})
    run()
    result = CliRunner().invoke(progress, ["--picture", "far.svg"])
    assert result.exit_code == 0, result.output
    assert "1 of 2" in result.output
    assert "2 / 3" in result.output
    assert Path("far.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.ipynb", None, "there is no notebook none.ipynb"),
        ("broken.ipynb", "{", "cannot be read as a notebook"),
        (
            "other.ipynb",
            '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
            "no l",
        ),
    ],
)
def test_what_is_no_lesson_is_one_sentence(
    notebook: Path, name: str, content: str | None, said: str
) -> None:
    if content is not None:
        Path(name).write_text(content)
    result = run(name)
    assert said in str(result.exception)


@contextmanager
def watching(folder: Path, *words: str) -> Iterator[Queue[str]]:
    """Run `grader watch` in a process of its own; yield the lines that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "grader.cli", "watch", str(folder), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    stream = process.stdout

    def read() -> None:
        for line in stream:
            lines.put(line)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield lines
    finally:
        process.send_signal(2)
        assert process.wait(60) == 130
        reader.join()
        stream.close()


def wait_for(lines: Queue[str], text: str) -> str:
    """Read lines until one holds `text`."""
    seen = []
    while True:
        try:
            line = lines.get(timeout=300)
        except Empty:
            raise AssertionError(f"no {text!r} in: {''.join(seen)}") from None
        seen.append(line)
        if text in line:
            return line


@pytest.mark.parametrize("words", [(), ("--plain",)], ids=["contained", "plain"])
def test_watch_gives_a_verdict_on_every_save(notebook: Path, words: tuple[str, ...]) -> None:
    with watching(notebook.parent, *words) as lines:
        assert "next: " in wait_for(lines, "tiny_torch")
        wait_for(lines, "save a notebook to check it")
        solve(notebook, {"double": WRONG})
        wait_for(lines, "✗ failed")
        solve(notebook, RIGHT)
        wait_for(lines, "✓✓")
        wait_for(lines, "✓ passed")
