"""`grader new-exercise`: an exercise to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from .course import FRAMEWORKS, find_course
from .errors import GraderError


@click.command("new-exercise")
@click.argument("unit")
@click.argument("exercise", metavar="ID")
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    type=click.Choice(list(FRAMEWORKS)),
    help="Only in this one; by default in all that UNIT teaches.",
)
def new_exercise(unit: str, exercise: str, frameworks: tuple[str, ...]) -> None:
    """Begin an exercise above the summary of UNIT: task, hints, solution, tests, bank.

    ID is in kebab-case and for life: gradebooks know the exercise by it. Each place where you have
    something to write says FILL IN, and `grader build --check UNIT` names them until none is left.

    \b
    Examples: grader new-exercise 03_blocks gated-sum
              grader new-exercise 03_blocks gated-sum --framework torch
    """
    from .scaffold import new_exercise as make

    course = find_course(Path.cwd())
    wanted = course.unit(unit)
    if absent := [each for each in frameworks if each not in wanted.frameworks]:
        raise GraderError(f"{unit} teaches no {FRAMEWORKS[absent[0]]}; add it to course.toml first")
    lessons = [
        lesson
        for lesson in course.lessons(wanted)
        if lesson.framework in (frameworks or FRAMEWORKS)
    ]
    for path in make(lessons, exercise):
        click.echo(path.relative_to(course.root))
    click.echo(f"\nWhat is to be filled in: grader build --check {unit}")
