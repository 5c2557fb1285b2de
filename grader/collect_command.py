"""`grader collect`: submissions from an LMS, or from anywhere, onto the desk."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .course import find_course
from .errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from .collect import Plan
    from .roster import Student

SHOWN = 40
"""So many lines of a kind; the rest is counted. `--all` shows them."""


@click.command()
@click.argument("unit")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option(
    "--roster",
    "roster_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Who is in the class: Canvas's or Moodle's own export, or id,first_name,… as CSV.",
)
@click.option("--new", is_flag=True, help="Take whom nobody knows as new students.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be done.")
@click.option("--all", "show_all", is_flag=True, help="Name every file, not only the odd ones.")
def collect(
    unit: str,
    paths: tuple[Path, ...],
    roster_file: Path | None,
    new: bool,
    dry_run: bool,
    show_all: bool,
) -> None:
    """Put submissions into submitted/STUDENT/UNIT/, where `nbgrader collect` puts them too.

    PATH is a zip archive that Canvas or Moodle made of a whole class, or a folder: of such files,
    or of a folder per student. Students are those of the roster, which go into the gradebook, and
    those who are in it already. Of two submissions of one notebook the later counts; what is
    replaced is kept in .grader/replaced. Exit status 1 when a notebook has no student.

    \b
    Example: grader collect 03_blocks submissions.zip --roster gradebook.csv --dry-run
             grader collect 03_blocks ~/Downloads/class --new
    """
    from rich.console import Console

    from .collect import carry_out, known_students, make_plan
    from .desk import Desk
    from .roster import Roster, read_roster

    course = find_course(Path.cwd())
    wanted = course.unit(unit)
    desk = Desk(course)
    students = known_students(desk)
    if roster_file is not None:
        students = read_roster(roster_file, students)
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as opened:
        plan = make_plan(desk, wanted, paths, Roster(students), opened, new)
        show_plan(console, plan, show_all or dry_run)
        if not dry_run:
            everybody = {each.id: each for each in students}
            everybody |= {found.student.id: found.student for found in plan.chosen}
            for path in carry_out(plan, everybody.values()):
                console.print(f"kept what was there before: {path.relative_to(course.root)}")
    if roster_file is not None:
        _show_absent(console, plan, students)
    if dry_run:
        console.print("nothing was changed; without --dry-run it is done", style="bold")
    elif plan.chosen:
        console.print(f"next: grader autograde {wanted.name}")
    if not plan.chosen and not plan.strangers:
        names = " or ".join(f"{lesson.name}.ipynb" for lesson in course.lessons(wanted))
        raise GraderError(
            f"there is no notebook of {wanted.name} in {', '.join(map(str, paths))}; looked for "
            f"{names}"
        )
    if plan.strangers:
        raise SystemExit(1)


def show_plan(console: Console, plan: Plan, everything: bool) -> None:
    """Print what would go where, and everything that stays, with the reason."""
    students = {found.student.id for found in plan.chosen}
    counts = {state: plan.states.count(state) for state in ("new", "changed", "there already")}
    counted = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    console.print(
        f"{_many(len(plan.chosen), 'notebook')} of {_many(len(students), 'student')} for "
        f"{plan.unit.name}" + (f": {counted}" if counted else ""),
        style="bold",
    )
    lines = []
    for found, state in zip(plan.chosen, plan.states, strict=True):
        if everything or found.notes or state == "changed":
            notes = "; ".join((state, *found.notes))
            path = f"{found.student.id}/{plan.unit.name}/{found.lesson.name}.ipynb"
            lines.append(f"{found.file.place} → {path}: {notes}")
    _show(console, lines, len(lines) if everything else SHOWN)
    if plan.earlier:
        console.print(f"not counted, for a later one is there ({len(plan.earlier)}):", style="bold")
        lines = [f"{old.file.place}: {kept.file.place} is later" for old, kept in plan.earlier]
        _show(console, lines, len(lines) if everything else SHOWN)
    for heading, left in (
        (f"NOT collected, for want of a student ({len(plan.strangers)}):", plan.strangers),
        (f"other files, left where they are ({len(plan.left)}):", plan.left),
    ):
        if left:
            console.print(heading, style="bold red" if left is plan.strangers else "bold")
            limit = SHOWN if left is plan.left and not everything else len(left)
            _show(console, [f"{each.place}: {each.why}" for each in left], limit)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _show(console: Console, lines: list[str], limit: int) -> None:
    for line in lines[:limit]:
        console.print(f"  {line}", markup=False)
    if len(lines) > limit:
        console.print(f"  … and {len(lines) - limit} more; --all shows them")


def _show_absent(console: Console, plan: Plan, students: list[Student]) -> None:
    here = {found.student.id for found in plan.chosen}
    absent = [
        each.id
        for each in students
        if each.id not in here and not plan.desk.folder("submitted", each.id, plan.unit).is_dir()
    ]
    if absent:
        more = " …" if len(absent) > SHOWN else ""
        console.print(f"{len(absent)} handed in nothing: {', '.join(absent[:SHOWN])}{more}")
