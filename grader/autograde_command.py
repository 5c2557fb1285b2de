"""`grader autograde`: grades for the submissions of a unit."""

from __future__ import annotations

import os
import time
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .course import find_course
from .errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from .batch import Batch


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
    "--notebook",
    "notebooks",
    multiple=True,
    metavar="NAME",
    help="Only where this notebook is new.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    help="How many at once.",
    show_default="one per core",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on the Dask cluster of this scheduler, such as tcp://host:8786, and not here.",
)
@click.option("--force", is_flag=True, help="Grade again what is up to date.")
@click.option(
    "--no-sandbox",
    is_flag=True,
    help="Run notebooks uncontained: they can read, change and send whatever you can.",
)
@click.option("--class", "show_class", is_flag=True, help="Print every student's points too.")
def autograde(
    unit: str,
    students: tuple[str, ...],
    notebooks: tuple[str, ...],
    jobs: int,
    scheduler: str | None,
    force: bool,
    no_sandbox: bool,
    show_class: bool,
) -> None:
    """Grade the submissions of UNIT in submitted/STUDENT/UNIT/.

    Writes autograded/ and the gradebook as `nbgrader autograde` does; Formgrader shows them. What
    has not changed since it was graded is skipped. Exit status 1 when a submission was lost.

    \b
    Example: grader autograde 03_blocks
             grader autograde 03_blocks --student ada --force
             grader autograde 03_blocks --scheduler tcp://10.0.0.5:8786
    """
    from rich.console import Console

    from .batch import Batch
    from .desk import Desk
    from .report import class_report, print_class, print_unit, write_report
    from .workers import dask_workers

    course = find_course(Path.cwd())
    wanted = course.unit(unit)
    desk = Desk(course)
    chosen = choose(desk.students(wanted), students)
    console = Console()
    began = time.monotonic()
    if no_sandbox:
        console.print(
            "warning: --no-sandbox: every submission can read, change and send whatever you can, "
            "the gradebook and the solutions included",
            style="bold red",
            highlight=False,
            soft_wrap=True,
        )
        desk.config.ContainedProvisioner.containment = "none"
    workers = partial(dask_workers, scheduler) if scheduler else None
    batch = Batch(desk, wanted, jobs, workers)
    with desk.alone():
        batch.warm_up(chosen, force)
        desk.register(wanted)
        show_progress(console, batch, batch.plan(chosen, list(notebooks), force))
        if not batch.progress.done and not batch.progress.up_to_date:
            _show_lost(console, batch)
            raise SystemExit(1)
        report = class_report(desk, wanted)
        path = write_report(desk, report)
    if show_class:
        print_class(console, report)
    print_unit(console, report)
    seconds = time.monotonic() - began
    console.print(
        f"{len(batch.progress.done)} graded, {len(batch.progress.up_to_date)} up to date, "
        f"{seconds:.1f} s; report: {path}",
        highlight=False,
        soft_wrap=True,
    )
    _show_lost(console, batch)
    if batch.progress.lost:
        raise SystemExit(1)


def _show_lost(console: Console, batch: Batch) -> None:
    for student, reason in batch.progress.lost.items():
        console.print(f"lost: {student}: {reason}", style="bold red", highlight=False)


def choose(found: list[str], patterns: tuple[str, ...]) -> list[str]:
    """Keep the students that match a pattern; a pattern that nobody matches is an error."""
    for pattern in patterns:
        if not any(fnmatch(student, pattern) for student in found):
            raise GraderError(
                f"no submission of a student {pattern!r}; submitted: {', '.join(found[:10])}"
                + (" …" if len(found) > 10 else "")
            )
    return [s for s in found if not patterns or any(fnmatch(s, pattern) for pattern in patterns)]


def show_progress(console: Console, batch: Batch, students: list[str]) -> None:
    """Run the batch under a progress bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=console, disable=not students) as bar:
        row = bar.add_task("", total=len(students), last="")
        for student in batch.run(students):
            bar.update(row, advance=1, last=student)
