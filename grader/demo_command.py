"""`grader demo`: the main job, on a class that it makes itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from .course import find_course


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Where the course of the demo goes; an older demo there is replaced.",
)
@click.option(
    "--unit", default="03_blocks", show_default=True, help="Which unit the class works on."
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    help="How many at once.",
    show_default="one per core",
)
def demo(folder: Path, unit: str, jobs: int) -> None:
    """Make a course with a class, grade it, write feedback, and say what to do next.

    The class is made of the answers in tests/variants: right, wrong, half-done, noisy, damaged and
    hostile ones.

    \b
    Example: grader demo
             grader demo --unit 05_initialization --folder build/fifth
    """
    from rich.console import Console

    from .autograde_command import show_progress
    from .batch import Batch
    from .build import build_lesson
    from .demo import make_class, make_course
    from .desk import Desk
    from .feedback import write_feedback
    from .report import class_report, print_class, print_unit, write_report

    console = Console()
    began = time.monotonic()
    source = find_course(Path.cwd())
    course = make_course(source, source.unit(unit), folder.resolve())
    wanted = course.unit(unit)
    for lesson in course.lessons(wanted):
        build_lesson(lesson)
    did = make_class(course, source, wanted)
    console.print(f"a class of {len(did)} in {course.root / 'submitted'}", highlight=False)
    desk = Desk(course)
    desk.register(wanted)
    batch = Batch(desk, wanted, jobs)
    show_progress(console, batch, batch.plan(desk.students(wanted), None, True))
    written = sum(write_feedback(desk, wanted, sorted(did), jobs))
    report = class_report(desk, wanted)
    page = write_report(desk, report)
    print_class(console, report, did)
    print_unit(console, report)
    mixed = next(name for name, kind in did.items() if kind == "right and wrong")
    example = next(course.root.glob(f"feedback/{mixed}/{unit}/*.html"))
    console.print(
        f"""
{len(did)} submissions in {time.monotonic() - began:.0f} s
  report    {page}
  feedback  {example}  (one of {written})
  grades    {course.root / "gradebook.db"}

What next:
  look at the report and a feedback page in a browser
  see the class in Formgrader:      cd {folder} && jupyter lab   (menu Nbgrader, Formgrader)
  grade it again, and see it skip:  cd {folder} && grader autograde {unit}
  the same grades by stock nbgrader: cd {folder} && nbgrader autograde {unit} --force""",
        highlight=False,
        soft_wrap=True,
    )
    if batch.progress.lost:
        raise SystemExit(1)
