"""`grader feedback`: the pages that students get back."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .course import find_course
from .errors import GraderError


@click.command()
@click.argument("unit")
@click.option(
    "--student",
    "students",
    multiple=True,
    metavar="NAME",
    help="Only these (a*, ?, more than once).",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    help="How many at once.",
    show_default="one per core",
)
@click.option("--force", is_flag=True, help="Write again what is up to date.")
def feedback(unit: str, students: tuple[str, ...], jobs: int, force: bool) -> None:
    """Write feedback/STUDENT/UNIT/*.html for what has been graded.

    The pages show each verdict with its message, the student's own work, points and comments, as
    `nbgrader generate_feedback` does, and no hidden test.

    \b
    Example: grader feedback 03_blocks
    """
    from rich.console import Console
    from rich.progress import Progress

    from .autograde_command import choose
    from .desk import Desk
    from .feedback import up_to_date, write_feedback

    course = find_course(Path.cwd())
    wanted = course.unit(unit)
    desk = Desk(course)
    root = course.root / desk.folders.autograded_directory
    graded = sorted(path.parent.name for path in root.glob(f"*/{wanted.name}"))
    if not graded:
        raise GraderError(f"nothing of {unit} has been graded; first: grader autograde {unit}")
    chosen = [s for s in choose(graded, students) if force or not up_to_date(desk, wanted, s)]
    console = Console()
    with Progress(console=console, disable=not chosen) as bar:
        row = bar.add_task("feedback", total=len(chosen))
        for count in write_feedback(desk, wanted, chosen, jobs) if chosen else ():
            bar.update(row, advance=count)
    folder = course.root / desk.folders.feedback_directory
    console.print(
        f"feedback for {len(chosen)} written, {len(graded) - len(chosen)} up to date or not asked "
        f"for, in {folder}",
        highlight=False,
        soft_wrap=True,
    )
