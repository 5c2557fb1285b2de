"""`grader progress`: how far have I come?"""

from __future__ import annotations

from pathlib import Path

import click

from .errors import GraderError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--picture",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw it too, as SVG or PNG by the name of the file.",
)
def progress(folder: Path, picture: Path | None) -> None:
    """Show the lessons in FOLDER: exercises done, points, and what is next.

    It tells what the last check of each notebook found (grader check, grader watch) and runs
    nothing. Points are those of the visible tests.

    \b
    Example: grader progress
             grader progress --picture progress.svg
    """
    from rich.console import Console
    from rich.table import Table

    from .progress import Memory, draw, standing
    from .selfcheck import find_notebooks

    memory = Memory()
    rows = [standing(path, memory) for path in find_notebooks([folder])]
    if not rows:
        raise GraderError(
            f"there is no lesson in {folder.resolve()}; name the folder that has them"
        )
    if picture is not None and picture.suffix not in (".svg", ".png"):
        raise GraderError(f"{picture} should end in .svg or .png")
    table = Table("lesson", "exercises", "points", "next")
    for row in rows:
        table.add_row(
            row.path.stem,
            f"{row.done} of {len(row.states)}",
            f"{row.points:g} / {row.max_points:g}",
            row.next_title or "done",
        )
    console = Console(highlight=False)
    console.print(table)
    if picture is not None:
        draw(rows, picture)
        console.print(f"picture: {picture}", soft_wrap=True)
