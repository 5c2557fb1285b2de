"""What `grader build` hands out is what stock nbgrader hands out, and neither leaks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from grader.course import load_course
from grader.editions import instructor_edition, student_edition, text_of
from grader.rules import secret_lines
from grader.source import Source, parse_source, read_source

ROOT = Path(__file__).parents[2]

FIXTURE = """\
# %% [markdown]
# # Every kind of cell

# %% role="setup"
import math

# %% listing="S0-01" tags=["raises-exception"]
math.sqrt(-1)

# %% [raw]
# Raw text, ünïcode too

# %% [markdown] exercise="root-of" role="task"
# ## Exercise 1

# %% [markdown] exercise="root-of" role="hint"
# A nudge.

# %% [markdown] exercise="root-of" role="hint"
# More.

# %% exercise="root-of" role="solution"
class Root:
    def of(self, x: float) -> float:
        # BEGIN SOLUTION
        root = math.sqrt(x)
        return root
        # END SOLUTION

    def name(self) -> str:
        # BEGIN SOLUTION
        return "square"
        # END SOLUTION


# %% exercise="root-of" role="tests" points=2
assert Root().of(4.0) == 2, "the root of 4 should be 2"
# BEGIN HIDDEN TESTS
assert Root().of(9.0) == 3, "the root of 9 should be 3"
# END HIDDEN TESTS

# %% exercise="root-of" role="tests" points=1
# BEGIN HIDDEN TESTS
assert Root().name() == "square", "the name should be square"
# END HIDDEN TESTS
assert Root().name(), "the name should not be empty"
"""

LESSONS = {"fixture": parse_source(Path("fixture.py"), FIXTURE)} | {
    lesson.name: read_source(lesson.source)
    for lesson in load_course(ROOT).lessons()
    if lesson.source.exists()
}


@pytest.fixture(scope="module")
def instructors() -> dict[str, NotebookNode]:
    """Return every lesson as an instructor edition that was not run, but shows an output."""
    notebooks = {name: instructor_edition(source, {}) for name, source in LESSONS.items()}
    for notebook in notebooks.values():
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        text = "a solution as an output"
        cell.outputs = [
            nbformat.from_dict({"output_type": "stream", "name": "stdout", "text": text})
        ]
        cell.execution_count = 1
    return notebooks


@pytest.fixture(scope="module")
def release(instructors: dict[str, NotebookNode], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release all of them with stock nbgrader as one assignment, and return its folder."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    folder = root / "solutions" / "01_all"
    (folder / "__pycache__").mkdir(parents=True)
    for name, notebook in instructors.items():
        (folder / f"{name}.ipynb").write_text(text_of(notebook), encoding="utf-8")
        (folder / f"{name}.py").write_text("SOLUTION = 1\n")
    for name in ("README.md", ".hidden", "__pycache__/fixture.cpython-311.pyc"):
        (folder / name).write_text("SOLUTION = 1\n")
    # nbgrader starts `alembic` by name when it makes a gradebook.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "01_all"],
        cwd=root,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    return root / "notebooks" / "01_all"


@pytest.mark.parametrize("name", LESSONS)
def test_when_stock_nbgrader_releases_a_lesson_then_every_cell_is_the_one_we_built(
    name: str, instructors: dict[str, NotebookNode], release: Path
) -> None:
    ours = student_edition(instructors[name])
    stock = nbformat.read(release / f"{name}.ipynb", as_version=4)
    assert len(stock.cells) == len(ours.cells)
    for stock_cell, our_cell in zip(stock.cells, ours.cells, strict=True):
        assert stock_cell == our_cell
    assert {key: stock.metadata[key] for key in ours.metadata} == ours.metadata


def test_when_stock_nbgrader_releases_a_unit_then_only_notebooks_are_in_it(release: Path) -> None:
    files = sorted(str(path.relative_to(release)) for path in release.rglob("*"))
    assert files == sorted(f"{name}.ipynb" for name in LESSONS)


@pytest.mark.parametrize(("name", "source"), LESSONS.items())
def test_when_stock_nbgrader_releases_a_lesson_then_nothing_secret_is_in_it(
    name: str, source: Source, release: Path
) -> None:
    text = (release / f"{name}.ipynb").read_text(encoding="utf-8")
    shown = {line.strip() for cell in json.loads(text)["cells"] for line in cell["source"]}
    assert shown.isdisjoint(secret_lines(source))
    for word in ("BEGIN SOLUTION", "HIDDEN TESTS", "a solution as an output"):
        assert word not in text


def test_when_the_fixture_is_released_then_what_is_secret_was_there_to_leak() -> None:
    secret = secret_lines(LESSONS["fixture"])
    assert {"root = math.sqrt(x)", 'return "square"'} <= set(secret)
