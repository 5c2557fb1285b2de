"""An instructor opens Formgrader on a graded class and finds the students and their scores."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from grader.bank import answered

from . import lesson as blocks
from .lab import Lab, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Locator, Page

pytestmark = pytest.mark.browser

# One framework is enough here: TensorFlow would only take time to import. The limits are wide, for
# a grade must not depend on how busy the machine is.
REGISTRY = """\
course = "browser"

[limits]
cell_seconds = 60
notebook_seconds = 240

[[units]]
name = "03_blocks"
stem = "blocks"
title = "Blocks"
frameworks = ["torch"]
minutes = 50
"""
UNIT = "03_blocks"
WRONG = ("mlp", "no-activation")


def marks_of_ben() -> dict[str, float]:
    """Map each tests cell to the points that it must give for one wrong answer among right ones."""
    wrong = blocks.variant(*WRONG)
    marks = blocks.points()
    assert wrong.points == marks[f"{wrong.exercise}-tests-2"]
    return marks | {f"{wrong.exercise}-tests-1": 0}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course with three students, one of whom handed in a damaged file, and grade it."""
    folder = tmp_path_factory.mktemp("instructor") / "course"
    lesson = blocks.lesson()
    student = blocks.notebook(lesson.student)
    for path in (lesson.instructor, lesson.student, lesson.root / "nbgrader_config.py"):
        copy = folder / path.relative_to(lesson.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (folder / "solutions" / "course.toml").write_text(REGISTRY)

    right, wrong = blocks.reference(), blocks.variant(*WRONG)
    for name, text in {
        "ada": nbformat.writes(answered(student, right)),
        "ben": nbformat.writes(answered(student, right | {wrong.exercise: wrong.source})),
        "cleo": nbformat.writes(student)[:1000],
    }.items():
        handed_in = folder / "submitted" / name / UNIT
        handed_in.mkdir(parents=True)
        (handed_in / lesson.student.name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "grader.cli", "autograde", UNIT]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, f"{' '.join(command)} failed:\n{run.stdout}{run.stderr}"
    return folder


@pytest.fixture(scope="module")
def lab(graded: Path) -> Iterator[Lab]:
    """Serve the course from its own folder, where nbgrader finds its configuration."""
    with running_lab(graded, graded.parent / "jupyter", cwd=graded) as lab:
        yield lab


def open_formgrader(page: Page, lab: Lab) -> FrameLocator:
    """Open Formgrader from JupyterLab's menu."""
    page.goto(lab.page("lab?reset"))
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    return page.frame_locator("iframe[src*='formgrader']")


def table(formgrader: FrameLocator, title: str, count: int) -> list[dict[str, Locator]]:
    """Wait for the table on a page; return its rows as what each column's heading stands over."""
    formgrader.locator("h1", has_text=title).wait_for()
    rows = formgrader.locator("#main-table tr:has(td:nth-child(2):not(:empty))")
    rows.nth(count - 1).wait_for()
    headings = [each.strip() for each in formgrader.locator("thead th").all_text_contents()]
    return [dict(zip(headings, row.locator("td").all(), strict=True)) for row in rows.all()]


def test_formgrader_shows_the_class_its_scores_and_a_submission(page: Page, lab: Lab) -> None:
    marks, full = marks_of_ben(), sum(blocks.points().values())
    formgrader = open_formgrader(page, lab)

    (unit,) = table(formgrader, "Manage Assignments", 1)
    assert unit["Name"].inner_text() == UNIT
    assert unit["# Submissions"].inner_text() == "3"

    unit["# Submissions"].get_by_role("link").click()
    handed_in = table(formgrader, "Manage Submissions", 3)
    seen = {
        row["Student ID"].inner_text(): (row["Status"].inner_text(), row["Score"].inner_text())
        for row in handed_in
    }
    of = f" / {full:g}"
    assert seen == {
        "ada": ("graded", f"{full:g}{of}"),
        "ben": ("graded", f"{sum(marks.values()):g}{of}"),
        "cleo": ("graded", f"0{of}"),
    }

    ben = next(row for row in handed_in if row["Student ID"].inner_text() == "ben")
    ben["Student Name"].get_by_role("link").click()
    (notebook,) = table(formgrader, "Manage Students", 1)
    assert notebook["Notebook ID"].inner_text() == blocks.lesson().name
    assert notebook["Overall Score"].inner_text() == f"{sum(marks.values()):g}{of}"

    notebook["Notebook ID"].get_by_role("link").click()
    scores = formgrader.locator("input.score[placeholder]")
    scores.nth(len(marks) - 1).wait_for(state="attached")
    given = {each.get_attribute("id"): each.get_attribute("placeholder") for each in scores.all()}
    assert given == {key: f"{points:g}" for key, points in marks.items()}
    wrong = blocks.variant(*WRONG)
    shown = formgrader.locator("body").inner_text()
    assert wrong.fails in shown.rpartition("AssertionError: ")[2].splitlines()[0]
    assert all(line.strip() in shown for line in wrong.source.splitlines())
