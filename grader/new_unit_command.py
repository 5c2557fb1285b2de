"""`grader new-unit`: a unit to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from .course import FRAMEWORKS, find_course


@click.command("new-unit")
@click.argument("name")
@click.option("--title", help="What people read; by default made of NAME.")
@click.option("--stem", help="Lessons are STEM_FRAMEWORK.py; by default NAME without its number.")
@click.option("--exercise", metavar="ID", help="Id of its first exercise; by default its stem.")
@click.option(
    "--needs",
    multiple=True,
    metavar="UNIT",
    help="A unit that comes first, as often as there are some; by default the last one.",
)
@click.option("--minutes", type=click.IntRange(1), default=50, show_default=True)
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    type=click.Choice(list(FRAMEWORKS)),
    help="Teach this one only; by default both.",
)
def new_unit(
    name: str,
    title: str | None,
    stem: str | None,
    exercise: str | None,
    needs: tuple[str, ...],
    minutes: int,
    frameworks: tuple[str, ...],
) -> None:
    """Begin the unit NAME, such as 16_attention: lessons, banks, registry, front page.

    The lessons build at once. Each place where you have something to write says FILL IN, and
    `grader build --check NAME` names them until none is left.

    \b
    Examples: grader new-unit 16_attention
              grader new-unit 16_attention --title "Attention" --exercise scaled-dot-product
              grader new-unit 16_jit --framework torch --needs 08_models --needs 14_graphs
    """
    from .scaffold import new_unit as make

    course = find_course(Path.cwd())
    stem = stem or name[3:]
    entry = {
        "name": name,
        "stem": stem,
        "title": title or stem.replace("_", " ").capitalize(),
        "prerequisites": list(needs) or [unit.name for unit in course.units[-1:]],
        "frameworks": [each for each in FRAMEWORKS if each in (frameworks or FRAMEWORKS)],
        "minutes": minutes,
    }
    for path in make(course, entry, exercise or stem.replace("_", "-")):
        click.echo(path.relative_to(course.root))
    click.echo(
        f"""
What next:
  grader build {name}           makes its notebooks
  grader build --check {name}   says what is still to be filled in
  grader new-exercise {name} ID
solutions/README.md tells the rest."""
    )
