"""Grades every answer of the bank through the real grading path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import pytest

from grader.bank import LIARS, Variant, bank_path, liar, read_bank, solutions
from grader.check import bank_findings
from grader.course import Lesson, find_course
from grader.misconceptions import looks_like
from grader.prove import Answer, grade_answers
from grader.restore import grading_edition
from grader.rules import slot_findings
from grader.source import read_source
from grader.verdicts import NotebookReport, Verdict

COURSE = find_course(Path(__file__))
LESSONS = {lesson.name: lesson for lesson in COURSE.lessons() if bank_path(lesson).exists()}


@dataclass(frozen=True)
class Case:
    """One answer to one exercise of one lesson, by name."""

    lesson: str
    exercise: str
    name: str

    def __str__(self) -> str:
        return f"{self.lesson}-{self.exercise}-{self.name}"


@cache
def student_solutions(lesson: Lesson) -> dict[str, nbformat.NotebookNode]:
    return solutions(nbformat.read(lesson.student, as_version=4))


@cache
def bank(lesson: str) -> dict[tuple[str, str], Variant]:
    return {(v.exercise, v.name): v for v in read_bank(bank_path(LESSONS[lesson]))}


def answer_of(case: Case) -> Answer:
    """Find the code of a case.

    The reference solution runs alone, which shows that it relies on no other exercise; so do
    answers that end their kernel or change what others rely on.
    """
    lesson = LESSONS[case.lesson]
    if case.name == "reference":
        instructor = solutions(nbformat.read(lesson.instructor, as_version=4))
        return Answer(case.exercise, instructor[case.exercise].source, alone=True)
    stub = student_solutions(lesson)[case.exercise].source
    if case.name == "untouched":
        return Answer(case.exercise, stub)
    if case.name in LIARS:
        return Answer(case.exercise, liar(stub, case.name))
    variant = bank(case.lesson)[case.exercise, case.name]
    harmless = variant.verdict in (Verdict.FAILED.value, Verdict.ERRORED.value)
    return Answer(case.exercise, variant.source, alone=not harmless)


def cases(kind: str) -> Iterator[Case]:
    for lesson in LESSONS.values():
        for exercise in student_solutions(lesson):
            if kind == "lies":
                yield from (Case(lesson.name, exercise, name) for name in (*LIARS, "untouched"))
            if kind == "right":
                yield Case(lesson.name, exercise, "reference")
        for variant in bank(lesson.name).values():
            if variant.right == (kind == "right") and kind != "lies":
                yield Case(lesson.name, variant.exercise, variant.name)


KINDS = {kind: [*cases(kind)] for kind in ("right", "wrong", "lies")}


@pytest.fixture(scope="session")
def reports(request: pytest.FixtureRequest) -> dict[Case, NotebookReport]:
    """Grade the answers that this run of pytest asks for; right ones never beside wrong ones."""
    given = [getattr(item, "callspec", None) for item in request.session.items]
    # Where there are no cases of a kind, pytest puts a mark of its own in their place.
    asked = {
        each.params["case"]
        for each in given
        if each is not None and isinstance(each.params.get("case"), Case)
    }
    found: dict[tuple[str, Answer], NotebookReport] = {}
    for kind in KINDS.values():
        wanted = [(LESSONS[case.lesson], answer_of(case)) for case in kind if case in asked]
        for lesson, answer, report in grade_answers(wanted):
            found[lesson.name, answer] = report
    return {case: found[case.lesson, answer_of(case)] for case in asked}


def describe(report: NotebookReport) -> str:
    return "\n".join(f"{c.grade_id}: {c.verdict.value}: {c.message}" for c in report.cells)


@pytest.mark.parametrize("case", KINDS["right"], ids=str)
def test_right_answers_get_full_marks(case: Case, reports: dict[Case, NotebookReport]) -> None:
    report = reports[case]
    assert report.points == report.max_points > 0, describe(report)


@pytest.mark.parametrize("case", KINDS["wrong"], ids=str)
def test_wrong_answers_fail_for_their_own_reason(
    case: Case, reports: dict[Case, NotebookReport]
) -> None:
    report = reports[case]
    variant = bank(case.lesson)[case.exercise, case.name]
    assert report.points == variant.points < report.max_points, describe(report)
    told = [c for c in report.cells if variant.fails in c.message and not c.points]
    verdicts = {cell.verdict.value for cell in told}
    assert verdicts == {variant.verdict}, f"wanted {variant.fails!r} in:\n{describe(report)}"
    labels = looks_like(LESSONS[case.lesson], report)
    assert case.name in labels.get(case.exercise, []), (
        f"it looks like {labels}:\n{describe(report)}"
    )


@pytest.mark.parametrize("case", KINDS["lies"], ids=str)
def test_liars_and_untouched_stubs_get_nothing(
    case: Case, reports: dict[Case, NotebookReport]
) -> None:
    report = reports[case]
    assert report.points == 0, describe(report)
    assert {c.verdict for c in report.cells} <= {Verdict.FAILED, Verdict.ERRORED}, describe(report)
    if case.name == "untouched":
        assert not looks_like(LESSONS[case.lesson], report), describe(report)


@pytest.mark.parametrize("name", LESSONS)
def test_every_exercise_has_enough_variants(name: str) -> None:
    lesson = LESSONS[name]
    variants = read_bank(bank_path(lesson))
    for exercise in student_solutions(lesson):
        mine = [variant for variant in variants if variant.exercise == exercise]
        wrong, right = sum(not v.right for v in mine), sum(v.right for v in mine)
        has = f"{bank_path(lesson)}: {exercise} has"
        assert wrong >= 4, f"{has} {wrong} wrong answers, wanted at least 4"
        assert right >= 2, f"{has} {right} right answers, wanted at least 2"
        own = {v.fails for v in mine if not v.right}
        assert len(own) >= 4, f"{has} {len(own)} different misconceptions, wanted 4"


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_is_left_to_fill_in(name: str) -> None:
    lesson = LESSONS[name]
    left = [*slot_findings(read_source(lesson.source)), *bank_findings(lesson)]
    assert not left, "\n".join(map(str, left))


def test_every_lesson_has_a_bank() -> None:
    lacking = [lesson.name for lesson in COURSE.lessons() if lesson.name not in LESSONS]
    assert not lacking, f"no bank in tests/variants for {', '.join(lacking)}"


def test_the_grading_edition_keeps_hidden_tests_and_no_solution() -> None:
    for lesson in LESSONS.values():
        edition = grading_edition(nbformat.read(lesson.instructor, as_version=4))
        text = "\n".join(cell.source for cell in edition.cells)
        assert "BEGIN HIDDEN TESTS" in text
        assert "BEGIN SOLUTION" not in text
