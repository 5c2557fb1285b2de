"""A student opens the lesson in JupyterLab, runs it, and validates before and after solving."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from . import lesson as blocks
from .lab import Lab, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

LESSON = "03_blocks/blocks_torch.ipynb"


@pytest.fixture(scope="module")
def student_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Serve an empty folder, as `make lab` serves `notebooks/`."""
    home = tmp_path_factory.mktemp("student")
    root = home / "notebooks"
    root.mkdir()
    with running_lab(root, home / "jupyter", cwd=home, student=True) as lab:
        yield lab


@pytest.fixture
def lab(student_lab: Lab) -> Iterator[Lab]:
    """Lay the notebooks out afresh; afterwards stop the kernels that were started on them."""
    released = blocks.course().root / "notebooks"
    shutil.copytree(released, student_lab.root, dirs_exist_ok=True)
    yield student_lab
    for session in student_lab.api("sessions"):
        student_lab.api(f"sessions/{session['id']}", "DELETE")


def open_lesson(page: Page, lab: Lab) -> None:
    """Open the lesson and wait until it is there and its kernel waits for work."""
    page.goto(lab.page(f"lab/tree/{LESSON}?reset"))
    page.locator(".jp-NotebookPanel .jp-Cell").last.wait_for(state="attached")
    page.get_by_text("Frameworks inside | Idle").wait_for()


def editor(page: Page, grade_id: str) -> Locator:
    """Scroll to the cell with an nbgrader id and return its editor.

    A page knows nothing of ids, and editors out of sight are empty; the place of a cell is sure.
    """
    cells = blocks.notebook(blocks.lesson().student).cells
    ids = [each.metadata.get("nbgrader", {}).get("grade_id") for each in cells]
    cell = page.locator(".jp-Notebook .jp-Cell").nth(ids.index(grade_id))
    cell.scroll_into_view_if_needed()
    return cell.locator(".jp-InputArea .cm-content")


def answer(page: Page, exercise: str, source: str) -> None:
    """Put an answer in the place of all that is in a solution cell, as a person would paste it."""
    editor(page, exercise).click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    last_line = source.rstrip().splitlines()[-1]
    editor(page, exercise).filter(has_text=last_line).wait_for()


def validate(page: Page) -> dict[str, str]:
    """Press Validate; return the message for each tests cell that fails, by grade id."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog", has_text="Validation Results")
    dialog.wait_for()
    shown = dialog.locator("pre").all_inner_texts()
    for width, room in dialog.locator("pre").evaluate_all(
        "all => all.map(pre => [pre.scrollWidth, pre.clientWidth])"
    ):
        assert width <= room, "a message runs out of the window"
    said = dialog.inner_text()
    dialog.get_by_role("button", name="Ok").click()
    dialog.wait_for(state="detached")
    if "Success! Your notebook passes all the tests." in said:
        assert shown == []
        return {}
    assert said.count("The following cell failed:") * 2 == len(shown), said
    student = blocks.notebook(blocks.lesson().student)
    names = {each.source.strip(): key for key, each in blocks.tests_cells(student).items()}
    pairs = zip(shown[0::2], shown[1::2], strict=True)
    return {names[source.strip()]: message.strip() for source, message in pairs}


def test_the_lesson_opens_runs_and_is_drawn(page: Page, lab: Lab) -> None:
    open_lesson(page, lab)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    # An unsolved lesson runs as far as its first tests cell, which says that nothing is there yet.
    tests = list(blocks.tests_cells(blocks.notebook(blocks.lesson().student)).values())
    failed = page.locator(".jp-CodeCell", has_text=re.compile(r"NotImplementedError:\s*$"))
    failed.wait_for()
    assert failed.count() == 1
    failed.scroll_into_view_if_needed()
    first_line = tests[0].source.splitlines()[0]
    failed.locator(".cm-content").filter(has_text=first_line).wait_for()

    # Figures, Mermaid and tables are drawn, and hints stay folded until somebody asks for them.
    width = "image => image.decode().then(() => image.naturalWidth)"
    assert page.locator(".jp-OutputArea-output img").first.evaluate(width) > 200
    assert page.locator(".jp-MarkdownCell img[src^='data:image/svg']").first.evaluate(width) > 200
    page.locator(".jp-MarkdownCell table th", has_text="Keras").wait_for(state="attached")
    hints = page.locator(".jp-MarkdownCell details")
    hints.nth(2 * len(blocks.reference()) - 1).wait_for(state="attached")
    folded = hints.first.locator("p").first
    hints.first.scroll_into_view_if_needed()
    assert not folded.is_visible()
    hints.first.locator("summary").click()
    folded.wait_for()


def test_validate_says_what_fails_until_it_is_solved(page: Page, lab: Lab) -> None:
    every = set(blocks.points())
    right = blocks.reference()
    solved, tried, *others = right
    open_lesson(page, lab)

    untouched = validate(page)
    assert set(untouched) == every
    assert all(message.endswith("NotImplementedError:") for message in untouched.values())

    wrong = blocks.variant(tried, "python-list")
    answer(page, solved, right[solved])
    answer(page, tried, wrong.source)
    half_done = validate(page)
    # The wrong answer may pass one of its own tests cells; no other exercise changes its verdict.
    own = {key for key in every if key.startswith((f"{solved}-tests-", f"{tried}-tests-"))}
    assert every - own <= set(half_done)
    assert not any(key.startswith(f"{solved}-tests-") for key in half_done)
    last = half_done[f"{tried}-tests-1"].rpartition("AssertionError: ")[2]
    assert wrong.fails in last
    assert last.startswith("OwnSequential("), "the message begins with what was called"

    for exercise in (tried, *others):
        answer(page, exercise, right[exercise])
    assert validate(page) == {}
    saved = blocks.solutions(blocks.notebook(lab.root / LESSON))
    assert {key: each.source for key, each in saved.items()} == right
