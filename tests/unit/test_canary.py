"""The canary sees what changed, and widens pins no further than to the next major version."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from grader.errors import GraderError

sys.path.insert(0, str(Path(__file__).parents[1]))
from canary import replay, requirements, widened


def test_a_pin_gives_way_to_later_releases_of_its_major_version() -> None:
    wide = widened(Requirement("torch==2.13.0")).specifier
    assert [v for v in ("2.12.9", "2.13.0", "2.40.1", "3.0.0") if v in wide] == ["2.13.0", "2.40.1"]
    assert widened(Requirement("rich>=14,<16")) == Requirement("rich>=14,<16")


def test_what_is_kept_stays_at_its_pin_and_must_be_known() -> None:
    pins = {each.name: each for each in requirements({"torch"})}
    assert "==" in str(pins["torch"].specifier)
    assert "==" not in str(pins["keras"].specifier)
    with pytest.raises(GraderError, match="torhc"):
        requirements({"torhc"})


def test_a_replay_tells_the_cells_that_changed_by_notebook(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell
    stream = nbformat.v4.new_output
    cells = [
        cell("print('as ever')", outputs=[stream("stream", text="as ever\n")], execution_count=1),
        cell("print('new words')", outputs=[stream("stream", text="words\n")], execution_count=2),
        cell("1 / 0", execution_count=3),
    ]
    paths = [tmp_path / "changed.ipynb", tmp_path / "same.ipynb"]
    for path, kept in zip(paths, (cells, cells[:1]), strict=True):
        notebook = nbformat.v4.new_notebook(cells=kept)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, path)
    changes, ran = replay(Path(sys.executable), paths, tmp_path)
    assert ran == 4
    assert list(changes) == ["changed"]
    words, error = changes["changed"]
    assert (words.cell, error.cell) == ("Cell 1", "Cell 2")
    assert "new words" in words.difference
    assert "ZeroDivisionError: division by zero" in error.difference
