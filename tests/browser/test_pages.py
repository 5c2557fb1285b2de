"""The pages that people get: a class report, and feedback, on a desktop and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import lesson as blocks
from .classroom import UNIT, WRONG

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

WIDTHS = {"desktop": 1280, "phone": 375}
STUDENTS = {"all right": "ada", "partly wrong": "ben", "a damaged file": "cleo"}
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SMALLEST_PX = 12
# Text as it stands on the screen: of a figure, what its scale makes of it.
SMALL_TEXT = """smallest => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const box = element.getBoundingClientRect();
        if (!walker.currentNode.data.trim() || !box.width || element.closest("style, script, math"))
            continue;
        const scale = element.getScreenCTM ? element.getScreenCTM().a : 1;
        const size = parseFloat(getComputedStyle(element).fontSize) * scale;
        if (size < smallest) found.push(`${size.toFixed(1)} px: ${walker.currentNode.data.trim()}`);
    }
    return found;
}"""
UNNAMED = """() => [...document.querySelectorAll("svg, img, canvas")].filter(each =>
    !each.closest("[aria-hidden=true]") &&
    !(each.getAttribute("aria-label") || each.getAttribute("alt") || "").trim()
).map(each => each.outerHTML.slice(0, 200))"""


@pytest.fixture(params=WIDTHS)
def sized(page: Page, request: pytest.FixtureRequest) -> Page:
    page.set_viewport_size({"width": WIDTHS[request.param], "height": 812})
    return page


@pytest.fixture(params=["report", *STUDENTS])
def path(graded: Path, request: pytest.FixtureRequest) -> Path:
    """Return where a page lies: the report of the class, or the feedback of one student."""
    if request.param == "report":
        return graded / "report" / f"{UNIT}.html"
    return feedback(graded, STUDENTS[request.param])


def feedback(course: Path, student: str) -> Path:
    return course / "feedback" / student / UNIT / f"{blocks.lesson().name}.html"


def test_a_page_fits_its_screen_can_be_read_and_asks_for_nothing(sized: Page, path: Path) -> None:
    asked: list[str] = []
    sized.on("request", lambda request: asked.append(request.url))
    sized.goto(path.as_uri())
    outside = [url for url in asked if not url.startswith(("file:", "data:"))]
    assert not outside, "the page asks other machines"
    width = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    there, seen = sized.evaluate(width)
    assert there <= seen, "the page scrolls sideways"
    assert sized.evaluate(SMALL_TEXT, SMALLEST_PX) == []


def test_a_page_is_accessible(sized: Page, path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    sized.goto(path.as_uri())
    found = axe.Axe().run(sized, options={"runOnly": list(RULES)})
    assert found.violations_count == 0, found.generate_report()
    assert sized.evaluate(UNNAMED) == [], "a figure has no words for who cannot see it"


def test_verdicts_are_words_and_not_colours_alone(page: Page, graded: Path) -> None:
    page.goto(feedback(graded, "ben").as_uri())
    shown = page.locator("body").inner_text()
    assert "failed" in shown
    assert "passed" in shown
    assert blocks.variant(*WRONG).fails in shown


def test_the_report_says_in_words_what_its_figure_shows(page: Page, graded: Path) -> None:
    page.goto((graded / "report" / f"{UNIT}.html").as_uri())
    said = page.get_by_role("img").first.get_attribute("aria-label") or ""
    assert said.startswith("Notebooks by share of the points: ")
    assert "1 at 0 to 10 %" in said
    assert "1 at 90 to 100 %" in said


def test_the_report_can_be_read_with_the_keyboard(page: Page, graded: Path) -> None:
    page.set_viewport_size({"width": WIDTHS["phone"], "height": 812})
    page.goto((graded / "report" / f"{UNIT}.html").as_uri())
    table = page.get_by_role("region", name="Class")
    before = table.evaluate("each => each.scrollLeft")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.scrollLeft > 0")
    assert before == 0
