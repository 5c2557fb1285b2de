"""Grades answers to the exercises of a lesson through the real grading path, several at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import zip_longest

import nbformat

from .bank import answered, only
from .course import Lesson, Limits
from .launcher import zygote_for
from .preprocessors import edition_at, grade_notebook
from .restore import parse_submission, restore
from .verdicts import NotebookReport


@dataclass(frozen=True)
class Answer:
    """The code that somebody hands in for one exercise.

    `alone` keeps it out of kernels that other answers run in: because it may harm them, or to show
    that it needs nothing but the setup cells.
    """

    exercise: str
    source: str
    alone: bool = False


def submissions(answers: Iterable[Answer]) -> list[tuple[Answer, ...]]:
    """Put answers to different exercises together: one kernel then serves them all.

    That is no shortcut: an exercise depends on the setup cells and on its own solution only.
    """
    alone = [(answer,) for answer in answers if answer.alone]
    queues: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if not answer.alone:
            queues[answer.exercise].append(answer)
    return [*alone, *(tuple(filter(None, each)) for each in zip_longest(*queues.values()))]


def grade_submission(
    lesson: Lesson, answers: Sequence[Answer], limits: Limits
) -> list[NotebookReport]:
    """Hand answers to different exercises in as one notebook; return the report of each answer."""
    exercises = [answer.exercise for answer in answers]
    student = nbformat.read(lesson.student, as_version=4)
    submitted = answered(only(student, *exercises), {a.exercise: a.source for a in answers})
    template = only(edition_at(lesson.instructor), *exercises)
    notebook, repairs = restore(template, parse_submission(nbformat.writes(submitted).encode()))
    assert not repairs, repairs
    report = grade_notebook(notebook, lesson.name, str(lesson.student.parent), limits)
    return [
        replace(report, cells=[cell for cell in report.cells if cell.exercise == exercise])
        for exercise in exercises
    ]


def grade_answers(
    answers: Iterable[tuple[Lesson, Answer]],
    jobs: int | None = None,
    cell_seconds: float | None = None,
) -> Iterator[tuple[Lesson, Answer, NotebookReport]]:
    """Grade any number of answers on warm kernels, `jobs` at a time (as many as there are cores).

    `cell_seconds` stops cells earlier than the lesson does. Yields each answer with its report, in
    no particular order.
    """
    by_lesson: dict[str, tuple[Lesson, list[Answer]]] = {}
    for lesson, answer in answers:
        by_lesson.setdefault(lesson.name, (lesson, []))[1].append(answer)
    work = [
        (lesson, each, replace(limits, cell_seconds=cell_seconds or limits.cell_seconds))
        for lesson, mine in by_lesson.values()
        for limits in [lesson.unit.limits]
        for each in submissions(mine)
    ]
    if not work:
        return
    # Asked for before the fork, so that the workers share them.
    for framework in {lesson.framework for lesson, _, _ in work}:
        zygote_for(framework).wait_until_ready()
    jobs = jobs or os.cpu_count() or 1
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        for (lesson, together, _), reports in zip(
            work, pool.map(grade_submission, *zip(*work, strict=True)), strict=True
        ):
            yield from ((lesson, a, r) for a, r in zip(together, reports, strict=True))
