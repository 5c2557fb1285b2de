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
@click.option(
    "--return",
    "download",
    type=click.Path(path_type=Path),
    metavar="ZIP",
    help="Also write feedback/UNIT.zip for the LMS that ZIP was downloaded from.",
)
def feedback(
    unit: str, students: tuple[str, ...], jobs: int, force: bool, download: Path | None
) -> None:
    """Write feedback/STUDENT/UNIT/*.html for what has been graded.

    The pages are those of `nbgrader generate_feedback`: each verdict with its message and a hint,
    the student's own work, points and comments, and no hidden test. `nbgrader release_feedback`
    gives them back through nbgrader's exchange; what --return writes goes back through Canvas
    (Upload Submissions) or Moodle (Upload multiple feedback files in a zip).

    \b
    Example: grader feedback 03_blocks
             grader feedback 03_blocks --return submissions.zip
    """
    from rich.console import Console
    from rich.progress import Progress

    from .autograde_command import choose
    from .desk import Desk
    from .feedback import up_to_date, write_feedback, write_return

    course = find_course(Path.cwd())
    wanted = course.unit(unit)
    desk = Desk(course)
    root = course.root / desk.folders.autograded_directory
    graded = sorted(path.parent.name for path in root.glob(f"*/{wanted.name}"))
    if not graded:
        raise GraderError(f"nothing of {unit} has been graded; first: grader autograde {unit}")
    asked = choose(graded, students)
    if lost := set(asked) - desk.known_students(wanted):
        raise GraderError(
            f"the gradebook {desk.folders.db_url} does not know the submissions of "
            f"{', '.join(sorted(lost)[:10])}; put it back, or grade again: grader autograde {unit} "
            "--force"
        )
    chosen = [each for each in asked if force or not up_to_date(desk, wanted, each)]
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
    if download is not None:
        archive, missing = write_return(desk, wanted, download)
        console.print(f"to give back through the LMS: {archive}", highlight=False, soft_wrap=True)
        if missing:
            names = ", ".join(missing)
            console.print(
                f"without a page: {names}; see grader collect, and grader autograde {unit}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
