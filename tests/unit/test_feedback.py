"""What a student gets back: verdict, message, hint, likely misconception and their own work."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.apps import NbGraderAPI

from grader.bank import bank_path
from grader.course import Course, Lesson
from grader.desk import Desk, Graded, missing_report
from grader.evidence import NOT_STARTED
from grader.feedback import write_feedback, write_return
from grader.misconceptions import misconceptions
from grader.page import hints, markdown_to_html
from grader.preprocessors import edition_at
from grader.selfcheck import Exercise
from grader.verdicts import METADATA_KEY, CellReport, NotebookReport, Verdict

ANSWER = "def double(x):\n    return x  # “mine” <b>&amp;</b>"
MESSAGE = "double(ones) is tensor([1., 1.]), wanted <twos>"
BANK = """\
# %% exercise="double" wrong="forgot-to-double" fails="wanted <twos>"
def double(x):
    return x
"""
OUTPUTS = [
    new_output("stream", text="hello <world>\n\x1b[31mred\x1b[0m\n"),
    new_output("display_data", {"text/html": '<img src="http://evil.example/x.png"><b>bold</b>'}),
    new_output("display_data", {"text/html": "<script>fetch('//evil.example')</script>"}),
    new_output("display_data", {"application/javascript": "fetch('http://evil.example')"}),
    new_output("display_data", {"image/svg+xml": '<svg><image href="http://evil.example"/></svg>'}),
    new_output("display_data", {"image/png": "iVBORw0KGgo="}),
    new_output("display_data", {"text/markdown": "![see](http://evil.example/y.png) $x^2$"}),
]


@pytest.fixture(scope="module")
def course(
    make_registered: Callable[[Path], Course], tmp_path_factory: pytest.TempPathFactory
) -> Course:
    """A course with a bank, and ada's graded notebook in it: one exercise failed, one passed."""
    course = make_registered(tmp_path_factory.mktemp("feedback") / "course")
    lesson = next(course.lessons())
    bank_path(lesson).parent.mkdir(parents=True)
    bank_path(lesson).write_text(BANK)
    record(course, lesson, "ada")
    return course


def record(course: Course, lesson: Lesson, student: str) -> None:
    desk = Desk(course)
    (desk.folder("submitted", student, lesson.unit)).mkdir(parents=True)
    notebook = nbformat.from_dict(dict(edition_at(lesson.instructor)))
    double, total = missing_report(lesson).cells
    report = NotebookReport(
        [
            CellReport(double.grade_id, "double", Verdict.FAILED, 0.0, 2.0, MESSAGE),
            CellReport(total.grade_id, "total", Verdict.PASSED, 1.0, 1.0),
        ]
    )
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "double":
            cell.source, cell.outputs = ANSWER, list(OUTPUTS)
    own = {"own": True}
    notebook.cells += [
        new_code_cell("mine = 1", metadata=own),
        new_markdown_cell("<script>alert(1)</script> [a](javascript:alert(1))", metadata=own),
        new_markdown_cell('<img src="http://evil.example/z.png"> my note: $\\mu$', metadata=own),
    ]
    notebook.metadata[METADATA_KEY] = nbformat.from_dict(report.to_dict())
    desk.record(student, lesson.unit, [Graded(lesson.name, notebook, report)])
    with desk.gradebook() as gradebook:
        key = ("double", lesson.name, lesson.unit.name, student)
        gradebook.find_comment(*key).manual_comment = "Nearly: *think* of 2."
        gradebook.db.commit()


@pytest.fixture(scope="module")
def page(course: Course) -> str:
    desk, (unit,) = Desk(course), course.units
    assert list(write_feedback(desk, unit, ["ada"], 1)) == [1]
    lesson = next(course.lessons())
    return (desk.folder("feedback", "ada", unit) / f"{lesson.name}.html").read_text("utf-8")


class _Text(HTMLParser):
    """Collects the text of a page, and the tags with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags = "", list[tuple[str, dict[str, str | None]]]()
        self.feed(page[page.index("<body") :])

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_says_how_each_exercise_ended_and_why(page: str) -> None:
    text = " ".join(_Text(page).text.split())
    assert "1 of 3 points" in text
    assert re.search(r"Exercise 1: double ?✗ failed ?0 / 2", text)
    assert re.search(r"Exercise 2: total ?✓ passed ?1 / 1", text)
    assert MESSAGE in text


def test_the_page_shows_the_students_own_code_output_and_comment(page: str) -> None:
    text = _Text(page).text
    for mine in ("“mine” <b>&amp;</b>", "hello <world>", "mine = 1", "my note", "Nearly: think of"):
        assert mine in text, mine


def test_a_failed_exercise_gets_its_misconception_and_hints_a_passed_one_none(page: str) -> None:
    text = _Text(page).text
    assert "This looks like a wrong answer that we know: “forgot to double”." in text
    assert "Multiply." in text
    assert "By two." in text
    assert "All of them." not in text


def test_the_page_holds_no_hidden_test(page: str) -> None:
    assert "zanzibar" not in page
    assert "seven halves" not in page
    assert "(hidden tests ran here)" in _Text(page).text


def test_the_page_asks_for_nothing_from_outside(page: str) -> None:
    assert "default-src 'none'" in page
    parsed = _Text(page)
    head = page[: page.index("<body")]
    assert not re.search(r"url\(|@import|<script|<link|src=", head)
    for tag, attributes in parsed.tags:
        assert tag not in ("script", "iframe", "link", "object", "embed", "base", "form"), tag
        for name in ("src", "href", "srcset", "data", "action", "style"):
            value = attributes.get(name) or ""
            assert not re.search(r"(?i)//|javascript:", value.partition("base64,")[0]), value
        assert not any(name.startswith("on") for name in attributes)


def test_the_page_fits_a_phone(page: str) -> None:
    assert '<meta content="width=device-width, initial-scale=1" name="viewport"/>' in page
    assert "overflow-x: auto" in page
    assert not re.search(r"(?<!max-)width: \d{3,}px", page)


def test_formulas_are_drawn_by_the_browser_itself() -> None:
    html = markdown_to_html(r"With $x_1 \le \mu$ and" "\n\n$$y = xW + b$$\n")
    assert html.count("<math") == 2
    assert "$" not in html
    assert "<script" not in markdown_to_html("<script>alert(1)</script>")
    assert r"\frac{" in markdown_to_html(r"$\frac{$")


@pytest.mark.parametrize(
    ("verdict", "known", "wanted"),
    [
        (Verdict.PASSED, False, []),
        (Verdict.FAILED, False, ["one"]),
        (Verdict.FAILED, True, ["one", "two"]),
        (Verdict.MISSING, False, ["one"]),
    ],
)
def test_more_hints_come_with_a_known_misconception(
    verdict: Verdict, known: bool, wanted: list[str]
) -> None:
    exercise = Exercise("e", "E", 1, ("one", "two", "three"), 1.0)
    assert hints(exercise, verdict, known) == wanted


def test_an_exercise_that_was_not_begun_looks_like_nothing(course: Course) -> None:
    lesson = next(course.lessons())
    begun = CellReport("double-tests-1", "double", Verdict.FAILED, 0.0, 2.0, MESSAGE)
    assert misconceptions(lesson, "double", [begun]) == ["forgot-to-double"]
    stub = CellReport("double-tests-2", "double", Verdict.ERRORED, 0.0, 2.0, NOT_STARTED)
    assert misconceptions(lesson, "double", [begun, stub]) == []


def test_nbgraders_own_command_makes_the_same_page(course: Course, page: str) -> None:
    desk, (unit,) = Desk(course), course.units
    path = desk.folder("feedback", "ada", unit) / "tiny_torch.html"
    path.unlink()
    assert NbGraderAPI(config=desk.config).generate_feedback(unit.name, "ada")["success"]
    assert path.read_text("utf-8") == page


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace_7_assignsubmission_file_/tiny_torch.ipynb",
        "lovelaceada_11_901_tiny_torch-1.ipynb",
    ],
)
def test_pages_go_back_under_the_names_that_the_lms_gave(
    course: Course, page: str, tmp_path: Path, name: str
) -> None:
    desk, (unit,), lesson = Desk(course), course.units, next(course.lessons())
    with desk.gradebook() as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
        gradebook.update_or_create_student("bob", first_name="Bob", last_name="Late")
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as download:
        download.write(lesson.student, name)
        download.write(lesson.student, name.replace("Ada", "Zoe").replace("love", "zoe"))
        download.write(lesson.student, "bob/tiny_torch.ipynb")
    archive, missing = write_return(desk, unit, tmp_path / "download.zip")
    with zipfile.ZipFile(archive) as back:
        (returned,) = back.namelist()
        assert returned == name.removesuffix(".ipynb") + ".html"
        assert back.read(returned).decode() == page
    assert missing[0] == "bob"
    assert len(missing) == 2, "and the stranger"
