"""Warm where it can be, cold where it cannot, and always with the reason."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from grader import launcher
from grader.launcher import LaunchError, Limits, Zygote, zygote_for
from grader.run import RunLimits, run_notebook
from grader.verdicts import NotebookReport

TESTS = new_code_cell(
    "assert answer == 42, 'the answer is 42'",
    metadata={"nbgrader": {"grade": True, "solution": False, "grade_id": "a-tests-1", "points": 1}},
)


@pytest.fixture(autouse=True)
def own_zygotes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the zygotes of a test from the others."""
    monkeypatch.setattr(launcher, "_zygotes", {})
    yield
    for zygote in launcher._zygotes.values():
        zygote.close()


def grade(framework: str, folder: Path, config: Config | None = None) -> NotebookReport:
    nb = new_notebook(cells=[new_code_cell("answer = 42"), TESTS.copy()])
    report = run_notebook(nb, framework, str(folder), RunLimits(), config)
    assert [cell.points for cell in report.cells] == [1], report
    return report


def test_when_the_framework_cannot_be_imported_then_it_starts_cold_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "torch.py").write_text("raise RuntimeError('no such driver')")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    report = grade("torch", tmp_path)
    assert report.start == "cold: the torch zygote ended: RuntimeError: no such driver"


def test_when_cold_is_asked_for_then_it_starts_cold(tmp_path: Path) -> None:
    report = grade("torch", tmp_path, Config(ContainedProvisioner={"warm": False}))
    assert report.start == "cold: asked for"
    assert launcher._zygotes == {}


def test_when_the_zygote_is_killed_then_grading_goes_on_cold(tmp_path: Path) -> None:
    assert grade("torch", tmp_path).start == "warm"
    zygote = zygote_for("torch")
    os.kill(zygote.pid, signal.SIGKILL)
    zygote._process.wait()
    assert grade("torch", tmp_path).start.startswith("cold: the torch zygote is gone")
    assert grade("torch", tmp_path).start.startswith("cold: the torch zygote is gone")


def test_a_zygote_ends_when_nobody_needs_it() -> None:
    zygote = Zygote("none")
    zygote.wait_until_ready()
    zygote.close()
    assert zygote._process.returncode == 0


def test_a_zygote_that_failed_says_so_every_time(tmp_path: Path) -> None:
    zygote = Zygote("none")
    zygote.wait_until_ready()
    zygote.close()
    for _ in range(2):
        with pytest.raises(LaunchError, match="the none zygote is gone"):
            zygote.launch([], str(tmp_path), Limits())


def test_a_zygote_outlives_the_folder_that_it_was_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "torch.py").write_text("raise RuntimeError('a namesake')")
    with monkeypatch.context() as there:
        there.chdir(here)
        zygote_for("torch").wait_until_ready()
    shutil.rmtree(here)
    assert grade("torch", tmp_path).start == "warm"
