"""A headless Chromium, pages that fail on errors, and what is kept when a test fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from .classroom import UNIT, grader, hand_in
from .lab import Lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# One thing on a page may take this long on a machine that is busy with other tests.
_PATIENCE_MS = 180_000
# Errors of other people's pages that say nothing about ours.
_KNOWN = (
    "MathJax is not defined",  # Formgrader loads it from a CDN, which tests do not reach
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start Chromium, once for this folder: Playwright's event loop must not outlive its tests."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("Playwright is missing; pip install -e '.[test]' brings it")
    path = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        pytest.skip(f"Chromium is missing; none of {', '.join(_CHROMIUM)} is on the PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def graded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course with a class that is graded and has its feedback. It asks for a browser so that
    nothing is graded where there is none to look at it."""
    folder = hand_in(tmp_path_factory.mktemp("graded") / "course")
    grader(folder, "autograde", UNIT)
    grader(folder, "feedback", UNIT)
    return folder


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Open a page that reaches nothing but this machine and fails on errors of its scripts."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(_PATIENCE_MS)
    context.route("**/*", _stay_here)
    errors: list[str] = []
    context.on("weberror", lambda each: errors.append(str(each.error)))
    yield context.new_page()
    context.close()
    errors = [each for each in errors if not any(known in each for known in _KNOWN)]
    assert not errors, f"scripts of the page raised: {'; '.join(errors)}"


def _stay_here(route: Route) -> None:
    """Let through what goes to this machine; a test must not depend on other people's servers."""
    if urlsplit(route.request.url).hostname in (None, "127.0.0.1"):
        route.continue_()
    else:
        route.abort()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[Any]:
    """Keep the page of a test that fails as a picture, and say what its server said."""
    report = yield
    if call.when != "call" or not report.failed:
        return report
    arguments = getattr(item, "funcargs", {})
    if "page" in arguments and "tmp_path" in arguments:
        picture = arguments["tmp_path"] / "page.png"
        try:
            arguments["page"].screenshot(path=picture)
        except Exception as error:  # a page that is gone must not hide why the test failed
            picture = f"none: {error}"
        report.sections.append(("screenshot", str(picture)))
    for lab in {each for each in arguments.values() if isinstance(each, Lab)}:
        last = "\n".join(lab.log().splitlines()[-30:])
        report.sections.append((f"end of {lab.log_path}", last))
    return report
