"""`grader report`: what became of a class."""

from __future__ import annotations

from pathlib import Path

import click

from .course import find_course
from .errors import GraderError


@click.command()
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option("--class", "show_class", is_flag=True, help="Print every student's points too.")
def report(units: tuple[str, ...], show_class: bool) -> None:
    """Write report/UNIT.html, .json and .csv of what has been graded, and print the table.

    Points, pass rates, discrimination, what wrong answers look like, and everything unusual. It
    grades nothing. Without UNIT, every unit that somebody has submitted.

    \b
    Example: grader report 03_blocks
    """
    from rich.console import Console

    from .desk import Desk
    from .report import class_report, print_class, print_unit, write_report

    course = find_course(Path.cwd())
    desk = Desk(course)
    submitted = course.root / desk.folders.submitted_directory
    chosen = [course.unit(name) for name in units] or [
        unit for unit in course.units if any(submitted.glob(f"*/{unit.name}"))
    ]
    if not chosen:
        raise GraderError(
            f"nobody has submitted anything in {submitted}; first: grader autograde UNIT"
        )
    console = Console()
    for unit in chosen:
        found = class_report(desk, unit)
        page = write_report(desk, found)
        if show_class:
            print_class(console, found)
        print_unit(console, found)
        console.print(f"report: {page}", highlight=False, soft_wrap=True)
