"""Every lesson is drawn in JupyterLab: figures, diagrams, formulas and tables."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from grader.course import Lesson

from .lab import Lab, running_lab
from .lesson import course, notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LESSONS = {lesson.name: lesson for lesson in course().lessons()}
# JupyterLab draws what is in sight; a test wants to see all of a notebook.
WHOLE = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}


@pytest.fixture(scope="module")
def instructors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Serve the instructor editions, whose outputs are there without a kernel."""
    home = tmp_path_factory.mktemp("drawn")
    shutil.copytree(course().root / "solutions", home / "solutions")
    with running_lab(home / "solutions", home / "jupyter", home, WHOLE) as lab:
        yield lab


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_is_drawn(lesson: Lesson, page: Page, instructors: Lab) -> None:
    cells = notebook(lesson.instructor).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    pictures = sum(
        "image/png" in output.get("data", {}) for c in cells for output in c.get("outputs", [])
    )
    diagrams = len(re.findall(r"^```mermaid", prose, re.MULTILINE))
    page.goto(instructors.page(f"lab/tree/{lesson.unit.name}/{lesson.name}.ipynb?reset"))
    page.locator(".jp-NotebookPanel .jp-Cell").nth(len(cells) - 1).wait_for(state="attached")
    page.locator(".jp-MarkdownCell h2", has_text="Where to read on").wait_for(state="attached")
    drawn = page.locator(".jp-RenderedMermaid img")
    if diagrams:
        drawn.nth(diagrams - 1).wait_for(state="attached")
    assert drawn.count() == diagrams
    refused = page.locator(".jp-RenderedMermaid.jp-mod-warning, .mermaid-error, mjx-merror")
    assert refused.count() == 0, refused.first.inner_text()
    assert page.locator(".jp-OutputArea-output img").count() == pictures
    page.locator(".jp-MarkdownCell table th", has_text="Keras").first.wait_for(state="attached")
    formulas = re.search(r"\$[^$]+\$", prose)
    if formulas:
        page.locator("mjx-container").first.wait_for(state="attached")
