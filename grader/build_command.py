"""`grader build`: the notebooks of the course from their sources."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.course import Course, Lesson, Unit, find_course
from grader.errors import GraderError

if TYPE_CHECKING:
    from grader.rules import Finding
    from grader.source import Source


@click.command()
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option(
    "--check",
    is_flag=True,
    help="Change nothing; fail when a rule is broken or a file is out of date.",
)
def build(units: tuple[str, ...], check: bool) -> None:
    """Build the notebooks of each UNIT, or of the whole course, from solutions/*/*.py.

    Cells are run only where code or versions have changed since the last build.

    \b
    Example: grader build 03_blocks
             grader build --check
    """
    course = find_course(Path.cwd())
    chosen = [course.unit(name) for name in dict.fromkeys(units)] or list(course.units)
    failed = _check(course, chosen) if check else _build(course, chosen)
    if failed:
        raise SystemExit(1)


def _check(course: Course, units: list[Unit]) -> bool:
    """Print every finding; return whether there was one."""
    from grader.check import course_findings  # nbgrader takes a second to import

    found = course_findings(course, units)
    for finding in found:
        click.echo(_relative(finding))
    names = ", ".join(unit.name for unit in units)
    click.echo(f"{len(found)} to put right in {names}" if found else f"{names}: all is well")
    return bool(found)


def _build(course: Course, units: list[Unit]) -> bool:
    """Build lesson after lesson, then the page of listings; return whether anything failed."""
    from grader.build import build_lesson

    failed = []
    for unit in units:
        for lesson in course.lessons(unit):
            click.echo(f"{unit.name}/{lesson.name} … ", nl=False)
            start = time.monotonic()
            try:
                outcome = build_lesson(lesson)
            except GraderError as error:
                failed.append(lesson)
                click.echo("failed")
                click.echo(_shorter(str(error)), err=True)
            else:
                click.echo(f"{outcome.value} ({time.monotonic() - start:.1f} s)")
    try:
        _write_page(course)
    except GraderError as error:
        click.echo(_shorter(str(error)), err=True)
        return True
    return bool(failed)


def _write_page(course: Course) -> None:
    """Bring notebooks/LISTINGS.md up to date, and say what is taught."""
    from grader.build import write_atomically
    from grader.listings import PAGE, page, places, read_table, summary
    from grader.source import SourceError, read_source

    table = read_table(course.root)
    if table is None:
        return
    sources: dict[Lesson, Source] = {}
    for lesson in course.lessons():
        try:
            sources[lesson] = read_source(lesson.source)
        except SourceError as error:
            raise GraderError(
                f"{PAGE} is left as it was until this is put right: {error}"
            ) from error
    taught = places(sources)
    path = course.root / PAGE
    text = page(table, course, taught)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)
    click.echo(summary(table, course, taught))


def _relative(finding: Finding) -> str:
    return _shorter(str(finding))


def _shorter(text: str) -> str:
    """Name files as a person in this folder would."""
    return text.replace(f"{Path.cwd()}/", "")
