"""A day in Formgrader: release, grade, look at the class and at one submission, give feedback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import lesson as blocks
from .classroom import UNIT, WRONG, hand_in, marks_of_ben
from .lab import Lab, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Locator, Page

pytestmark = pytest.mark.browser


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


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Serve a course whose lesson is not released yet and whose class waits to be graded."""
    folder = hand_in(tmp_path_factory.mktemp("ungraded") / "course")
    shutil.rmtree(folder / "notebooks")
    with running_lab(folder, folder.parent / "jupyter", cwd=folder) as lab:
        yield lab


def press(formgrader: FrameLocator, button: Locator) -> None:
    """Press a button of Formgrader's tables and wait until it says that all went well."""
    button.get_by_role("link").click()
    dialog = formgrader.locator(".modal.in")
    dialog.wait_for()
    said = dialog.inner_text()
    assert dialog.locator(".modal-title").inner_text() == "Success", said
    dialog.get_by_role("button", name="OK").click()
    dialog.wait_for(state="detached")


def test_the_whole_day_goes_through_formgrader(page: Page, ungraded: Lab) -> None:
    marks, full = marks_of_ben(), sum(blocks.points().values())
    root = ungraded.root
    formgrader = open_formgrader(page, ungraded)
    (unit,) = table(formgrader, "Manage Assignments", 1)
    press(formgrader, unit["Generate"])
    released = blocks.notebook(root / "notebooks" / UNIT / blocks.lesson().student.name)
    assert blocks.notebook(blocks.lesson().student) == released

    (unit,) = table(formgrader, "Manage Assignments", 1)
    unit["# Submissions"].get_by_role("link").click()
    for name in ("ada", "ben", "cleo"):
        press(formgrader, row_of(formgrader, name)["Autograde"])
    of = f" / {full:g}"
    scores = {"ada": f"{full:g}{of}", "ben": f"{sum(marks.values()):g}{of}", "cleo": f"0{of}"}
    for name, score in scores.items():
        row = row_of(formgrader, name)
        assert (row["Status"].inner_text(), row["Score"].inner_text()) == ("graded", score)

    press(formgrader, row_of(formgrader, "ben")["Generate Feedback"])
    page.goto((root / "feedback" / "ben" / UNIT / f"{blocks.lesson().name}.html").as_uri())
    shown = page.locator("body").inner_text()
    wrong = blocks.variant(*WRONG)
    assert wrong.fails in shown
    assert all(line.strip() in shown for line in wrong.source.splitlines())
    for line in blocks.hidden_lines():
        assert line not in shown, "feedback shows a hidden test"


def row_of(formgrader: FrameLocator, student: str) -> dict[str, Locator]:
    """Return the row of a student on the page Manage Submissions."""
    rows = table(formgrader, "Manage Submissions", 3)
    return next(row for row in rows if row["Student ID"].inner_text() == student)
