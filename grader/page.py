"""The page that a student gets back: verdicts, messages, hints and their own work.

nbgrader makes it with `GenerateFeedback`; `nbgrader_config.py` names the two classes here, so that
`nbgrader generate_feedback` and Formgrader's button make the same page. It needs nothing else: no
script, no font, no formula is fetched from anywhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode, from_dict
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from .course import Lesson, find_course
from .errors import GraderError
from .misconceptions import in_words, looks_like
from .preprocessors import framework_of
from .report import exercise_verdict
from .run import grade_id, is_tests
from .selfcheck import Exercise, exercises
from .verdicts import METADATA_KEY, NotebookReport, Verdict

PAGE = "page"
"""Key of a cell's metadata under which the template finds what it shows."""
TEMPLATES = Path(__file__).with_name("templates")


class Explain(NbGraderPreprocessor):  # type: ignore[misc]
    """Writes verdicts, likely misconceptions and hints into the cells. Before HideTests."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Put what the page says of each exercise beside its first tests cell that did not pass."""
        graded = nb.metadata.get(METADATA_KEY, {})
        if "cells" not in graded:  # graded by something else: the page shows scores only
            return nb, resources
        report = NotebookReport.from_dict(dict(graded))
        likely = self._looks_like(report, resources["nbgrader"])
        found = {exercise.name: exercise for exercise in exercises(nb)}
        rows = []
        tests = {grade_id(cell): cell for cell in nb.cells if is_tests(cell)}
        for said in report.cells:
            shown = {"verdict": said.verdict.value, "message": said.message}
            tests[said.grade_id].metadata[PAGE] = from_dict(shown)
        for name in dict.fromkeys(cell.exercise for cell in report.cells):
            cells = [each for each in report.cells if each.exercise == name]
            verdict = exercise_verdict(cells)
            names = likely.get(name, [])
            exercise = found.get(name)
            failed = next((each for each in cells if each.verdict is not Verdict.PASSED), None)
            if failed is not None:
                beside = tests[failed.grade_id].metadata[PAGE]
                beside["looks_like"] = in_words(names)
                beside["hints"] = hints(exercise, verdict, bool(names))
            rows.append(
                {
                    "title": plain_text(exercise.title) if exercise else name,
                    "anchor": name,
                    "verdict": verdict.value,
                    "points": sum(float(each.points) for each in cells),
                    "max_points": sum(float(each.max_points) for each in cells),
                }
            )
        nb.metadata[PAGE] = from_dict({"exercises": rows, "repairs": report.repairs})
        return nb, resources

    def _looks_like(self, report: NotebookReport, names: dict[str, str]) -> dict[str, list[str]]:
        try:
            course = find_course(Path(CourseDirectory(config=self.config).root))
            unit = course.unit(names["assignment"])
            lesson = Lesson(course.root, unit, framework_of(names["notebook"]))
            return looks_like(lesson, report)
        except GraderError:  # no course of ours, or a bank that somebody is editing
            return {}


def hints(exercise: Exercise | None, verdict: Verdict, known: bool) -> list[str]:
    """Choose the hints for an exercise: none when it passed, the first, or more when it is known.

    A wrong answer that the bank knows was got at by an attempt; the first hint is behind it.
    """
    if exercise is None or verdict is Verdict.PASSED:
        return []
    return list(exercise.hints[: 2 if known else 1])


def plain_text(markdown: str) -> str:
    """Take the marks of code and emphasis off a heading."""
    return re.sub(r"[`*]", "", markdown)


class _Renderer(IPythonRenderer):
    """Renders Markdown with formulas as MathML, which browsers draw themselves, and no raw HTML."""

    def __init__(self, **options: Any) -> None:
        super().__init__(escape=True, anchor_link_text="", exclude_anchor_links=True, **options)

    def inline_math(self, body: str) -> str:
        return _mathml(body, "inline")

    def block_math(self, body: str) -> str:
        return _mathml(body, "block")

    def multiline_math(self, text: str) -> str:
        return _mathml(text.strip("$"), "block")

    def latex_environment(self, name: str, body: str) -> str:
        return _mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return str(self.escape_html(text or url))  # a file beside the notebook, or on the web


def _mathml(tex: str, display: str) -> str:
    try:
        return f'<span class="formula" tabindex="0">{convert(tex.strip(), display=display)}</span>'
    except Exception:  # what a student wrote need not be TeX; shown as it is
        return f"<code>{IPythonRenderer().escape_html(tex)}</code>"


def markdown_to_html(source: str) -> str:
    """Turn Markdown into HTML that asks for nothing outside the page."""
    return str(MarkdownWithMath(renderer=_Renderer()).render(source))


class FeedbackExporter(HTMLExporter):
    """Writes feedback/STUDENT/UNIT/NOTEBOOK.html."""

    export_from_notebook = ""  # jupyter nbconvert does not offer it

    @property
    def default_config(self) -> Config:
        config = Config(
            FeedbackExporter={
                "template_name": "feedback_page",
                "extra_template_basedirs": [str(TEMPLATES)],
                "sanitize_html": True,
            }
        )
        config.merge(super().default_config)
        return config

    def default_filters(self) -> Any:
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "markdown2html", markdown_to_html

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **rest: Any
    ) -> Any:  # nbconvert declares text and resources
        resources = dict(resources or {})
        resources["highlighting"] = HtmlFormatter().get_style_defs(".highlight")
        return super().from_notebook_node(nb, resources, **rest)
