"""Makes the pictures of the README anew: `make pictures`, or pytest tests/browser/pictures.py.

No run of the tests collects this file, for its name does not begin with `test_`.
"""

from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from . import lesson as blocks
from .classroom import UNIT, grader
from .lab import running_lab
from .test_student import answer, open_lesson

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = blocks.course().root / "grader" / "images"
MOST_BYTES = 60_000
COLOURS = 48


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the class of `grader demo`, or take the one in the folder that DEMO names."""
    if made := os.environ.get("DEMO"):
        return Path(made)
    folder = tmp_path_factory.mktemp("demo") / "course"
    grader(blocks.course().root, "demo", "--folder", str(folder))
    return folder


def keep(picture: bytes, name: str) -> None:
    """Write a picture with few colours, and insist that it is small."""
    path = IMAGES / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES, f"{path} has {path.stat().st_size} bytes"


def test_the_report(page: Page, demo: Path) -> None:
    page.set_viewport_size({"width": 900, "height": 620})
    page.goto((demo / "report" / f"{UNIT}.html").as_uri())
    points = page.get_by_role("heading", name="Points")
    points.evaluate("each => window.scrollTo(0, each.offsetTop - 8)")
    keep(page.screenshot(), "report")


def test_feedback_on_a_phone(page: Page, demo: Path) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    for path in sorted(demo.glob(f"feedback/*/{UNIT}/{blocks.lesson().name}.html")):
        page.goto(path.as_uri())
        wrong = page.locator("section", has_text="This looks like").first
        if wrong.count() and page.get_by_text("✓ passed").count():
            wrong.evaluate("each => window.scrollTo(0, each.offsetTop - 8)")
            break
    keep(page.screenshot(), "feedback")


def test_a_failed_validate(page: Page, tmp_path: Path) -> None:
    root = tmp_path / "notebooks"
    root.mkdir()
    shutil.copytree(blocks.course().root / "notebooks" / UNIT, root / UNIT)
    with running_lab(root, tmp_path / "jupyter", cwd=tmp_path, student=True) as lab:
        page.set_viewport_size({"width": 1040, "height": 640})
        open_lesson(page, lab)
        wrong = blocks.variant("parallel", "one-too-few")
        answers = blocks.reference() | {wrong.exercise: wrong.source}
        for exercise, source in answers.items():
            answer(page, exercise, source)
        page.get_by_role("button", name="Validate").click()
        dialog = page.locator(".jp-Dialog", has_text="Validation Results")
        dialog.wait_for()
        dialog.locator("pre").last.scroll_into_view_if_needed()
        keep(page.screenshot(), "validate")
