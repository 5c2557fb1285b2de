"""`grader watch`: a verdict on every save."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .check_command import show
from .errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from .progress import Memory


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--plain", is_flag=True, help="Use Jupyter's plain kernel, not the contained one.")
def watch(folder: Path, plain: bool) -> None:
    """Check each notebook in FOLDER whenever it is saved, in JupyterLab, VS Code or elsewhere.

    A kernel waits with the framework imported, so a verdict takes about as long as the tests.
    Ctrl-C ends it.

    \b
    Example: grader watch notebooks/
    """
    from rich.console import Console
    from watchfiles import watch as saves

    from .progress import Memory
    from .selfcheck import Checker, find_notebooks

    paths = list(find_notebooks([folder]))
    if not paths:
        raise GraderError(
            f"there is no lesson in {folder.resolve()}; name the folder that has them"
        )
    console = Console(highlight=False, soft_wrap=True)
    memory = Memory()
    checker = Checker(plain, warm=True)
    try:
        overview(console, paths, memory)
        first = next((p for p in paths if not _finished(p, memory)), paths[0])
        checker.prepare(first)
        started = False
        for changes in saves(
            folder, watch_filter=_is_notebook, debounce=100, step=20, rust_timeout=200,
            yield_on_timeout=True,
        ):  # fmt: skip
            if not started:  # not earlier: what is saved before the watching begins is not seen
                started = True
                where = folder.resolve()
                console.print(f"watching {where}; save a notebook to check it, Ctrl-C to end")
            for path in sorted({Path(name) for _, name in changes if Path(name).is_file()}):
                try:
                    checked = checker.check(path)
                except GraderError as error:  # half-written, or no lesson: the next save will tell
                    console.print(str(error), style="yellow", markup=False)
                    continue
                memory.note(checked)
                if console.is_terminal:
                    console.clear()
                overview(console, paths, memory)
                show(console, checked)
    finally:
        checker.close()


def _is_notebook(_: object, name: str) -> bool:
    path = Path(name)
    return path.suffix == ".ipynb" and not any(part.startswith(".") for part in path.parts[-2:])


def _finished(path: Path, memory: Memory) -> bool:
    from .progress import standing

    return not standing(path, memory).next_title


def overview(console: Console, paths: list[Path], memory: Memory) -> None:
    """Print one line per notebook: a mark for each exercise, and what is next."""
    from .progress import standing
    from .selfcheck import State

    marks = {State.PASSED: "[green]✓[/]", State.FAILED: "[red]✗[/]", State.NOT_STARTED: "[dim]·[/]"}
    width = max(len(path.stem) for path in paths)
    pointed = False
    for path in paths:
        row = standing(path, memory)
        shown = "".join(marks[state] for state in row.states.values())
        following = "" if pointed or not row.next_title else f"  next: {row.next_title}"
        pointed |= bool(following)
        console.print(f"{path.stem:{width}}  {shown}{following}")
