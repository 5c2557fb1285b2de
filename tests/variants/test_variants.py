"""Grades every answer of the bank through the real grading path."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import pytest

from grader.bank import LIARS, answered, bank_path, liar, only, read_bank, solutions
from grader.course import Lesson, find_course
from grader.launcher import zygote_for
from grader.preprocessors import edition_at, grade_notebook
from grader.restore import grading_edition, parse_submission, restore
from grader.verdicts import NotebookReport, Verdict

COURSE = find_course(Path(__file__))
LESSONS = {lesson.name: lesson for lesson in COURSE.lessons() if bank_path(lesson).exists()}


@dataclass(frozen=True)
class Answer:
    """One submission to grade: an answer to one exercise of one lesson."""

    lesson: str
    exercise: str
    name: str

    def __str__(self) -> str:
        return f"{self.lesson}-{self.exercise}-{self.name}"


@cache
def student_notebook(lesson: Lesson) -> nbformat.NotebookNode:
    return nbformat.read(lesson.student, as_version=4)


@cache
def bank(lesson: str) -> dict[tuple[str, str], object]:
    return {(v.exercise, v.name): v for v in read_bank(bank_path(LESSONS[lesson]))}


def source_of(answer: Answer) -> str:
    """Find the code of an answer."""
    lesson = LESSONS[answer.lesson]
    if answer.name == "reference":
        instructor = nbformat.read(lesson.instructor, as_version=4)
        return solutions(instructor)[answer.exercise].source
    stub = solutions(student_notebook(lesson))[answer.exercise].source
    if answer.name == "untouched":
        return stub
    if answer.name in LIARS:
        return liar(stub, answer.name)
    return bank(answer.lesson)[answer.exercise, answer.name].source


def grade(answer: Answer) -> NotebookReport:
    """Hand the answer in, restore and run it; only the setup cells and its exercise are there."""
    lesson = LESSONS[answer.lesson]
    submitted = only(
        answered(student_notebook(lesson), {answer.exercise: source_of(answer)}), answer.exercise
    )
    template = only(edition_at(lesson.instructor), answer.exercise)
    notebook, repairs = restore(template, parse_submission(nbformat.writes(submitted).encode()))
    assert not repairs
    return grade_notebook(notebook, lesson.name, str(lesson.student.parent), lesson.unit.limits)


def answers(kind: str) -> Iterator[Answer]:
    for lesson in LESSONS.values():
        for exercise in solutions(student_notebook(lesson)):
            if kind == "lies":
                yield from (Answer(lesson.name, exercise, name) for name in (*LIARS, "untouched"))
            if kind == "right":
                yield Answer(lesson.name, exercise, "reference")
        for variant in bank(lesson.name).values():
            if variant.right == (kind == "right") and kind != "lies":
                yield Answer(lesson.name, variant.exercise, variant.name)


@pytest.fixture(scope="session")
def reports(request: pytest.FixtureRequest) -> dict[Answer, NotebookReport]:
    """Grade the answers that this run of pytest asks for, two at a time."""
    wanted = [
        item.callspec.params["answer"]
        for item in request.session.items
        if "answer" in getattr(getattr(item, "callspec", None), "params", {})
    ]
    for zygote in [zygote_for(f) for f in {LESSONS[a.lesson].framework for a in wanted}]:
        zygote.wait_until_ready()
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, context) as pool:
        return dict(zip(wanted, pool.map(grade, wanted), strict=True))


def describe(report: NotebookReport) -> str:
    return "\n".join(f"{c.grade_id}: {c.verdict.value}: {c.message}" for c in report.cells)


@pytest.mark.parametrize("answer", [*answers("right")], ids=str)
def test_right_answers_get_full_marks(
    answer: Answer, reports: dict[Answer, NotebookReport]
) -> None:
    report = reports[answer]
    assert report.points == report.max_points > 0, describe(report)


@pytest.mark.parametrize("answer", [*answers("wrong")], ids=str)
def test_wrong_answers_fail_for_their_own_reason(
    answer: Answer, reports: dict[Answer, NotebookReport]
) -> None:
    report = reports[answer]
    variant = bank(answer.lesson)[answer.exercise, answer.name]
    assert report.points == variant.points < report.max_points, describe(report)
    told = [c for c in report.cells if variant.fails in c.message and not c.points]
    verdicts = {cell.verdict.value for cell in told}
    assert verdicts == {variant.verdict}, f"wanted {variant.fails!r} in:\n{describe(report)}"


@pytest.mark.parametrize("answer", [*answers("lies")], ids=str)
def test_liars_and_untouched_stubs_get_nothing(
    answer: Answer, reports: dict[Answer, NotebookReport]
) -> None:
    report = reports[answer]
    assert report.points == 0, describe(report)
    assert {c.verdict for c in report.cells} <= {Verdict.FAILED, Verdict.ERRORED}, describe(report)


@pytest.mark.parametrize("name", LESSONS)
def test_every_exercise_has_enough_variants(name: str) -> None:
    lesson = LESSONS[name]
    variants = read_bank(bank_path(lesson))
    for exercise in solutions(student_notebook(lesson)):
        mine = [variant for variant in variants if variant.exercise == exercise]
        wrong, right = sum(not v.right for v in mine), sum(v.right for v in mine)
        assert wrong >= 4, f"{name}: {exercise} has {wrong} wrong answers, wanted at least 4"
        assert right >= 2, f"{name}: {exercise} has {right} right answers, wanted at least 2"
        own = {v.fails for v in mine if not v.right}
        assert len(own) >= 4, f"{name}: {exercise} has {len(own)} misconceptions, wanted 4"


def test_every_lesson_has_a_bank() -> None:
    lacking = [lesson.name for lesson in COURSE.lessons() if lesson.name not in LESSONS]
    assert not lacking, f"no bank in tests/variants for {', '.join(lacking)}"


def test_the_grading_edition_keeps_hidden_tests_and_no_solution() -> None:
    for lesson in LESSONS.values():
        edition = grading_edition(nbformat.read(lesson.instructor, as_version=4))
        text = "\n".join(cell.source for cell in edition.cells)
        assert "BEGIN HIDDEN TESTS" in text
        assert "BEGIN SOLUTION" not in text
