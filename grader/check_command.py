"""`grader check`: how do my exercises stand?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from .progress import Memory
    from .selfcheck import Checked


@click.command()
@click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path), metavar="[NOTEBOOK]...")
@click.option("--hint", is_flag=True, help="Show the next hint for each exercise that fails.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, for tools.")
@click.option("--plain", is_flag=True, help="Use Jupyter's plain kernel, not the contained one.")
def check(notebooks: tuple[Path, ...], hint: bool, as_json: bool, plain: bool) -> None:
    """Run the visible tests of notebooks and say, per exercise, how it stands.

    Without NOTEBOOK, every lesson in this folder. What you hand in is also tested on other inputs.
    Exit status 0 when every exercise passes, 1 when one does not.

    \b
    Example: grader check blocks_torch.ipynb
             grader check blocks_torch.ipynb --hint
    """
    from rich.console import Console

    from .progress import Memory
    from .selfcheck import Checker, find_notebooks

    paths = list(find_notebooks(notebooks or (Path.cwd(),)))
    if not paths:
        raise GraderError(f"there is no lesson in {Path.cwd()}; name a notebook, or go to one")
    console = Console(highlight=False, soft_wrap=True)
    waiting = Console(stderr=True)
    memory = Memory()
    checker = Checker(plain)
    found = []
    try:
        for path in paths:
            with waiting.status(f"checking {path.name}"):
                checked = checker.check(path)
            memory.note(checked)
            found.append(checked)
            if not as_json:
                show(console, checked, memory if hint else None)
    finally:
        checker.close()
    if as_json:
        print(json.dumps({"version": 1, "notebooks": [to_json(each) for each in found]}, indent=1))
    raise SystemExit(not all(checked.done for checked in found))


def show(console: Console, checked: Checked, memory: Memory | None = None) -> None:
    """Print how the exercises of a notebook stand; with a memory, also their next hints."""
    from .selfcheck import State

    marks = {
        State.PASSED: "[green]✓ passed     [/]",
        State.FAILED: "[red]✗ failed     [/]",
        State.NOT_STARTED: "[dim]· not started[/]",
    }
    console.print(f"[bold]{checked.path.name}[/]  [dim]{checked.seconds:.1f} s[/]")
    for result in checked.results:
        console.print(f"  {marks[result.state]}  {result.exercise.title}")
        if result.state is State.FAILED:
            console.print(f"      cell {result.cell}, {result.passed} of {result.tests} tests pass")
            console.print(f"      {result.message}", markup=False)
        if memory is not None and result.state is not State.PASSED:
            hint = memory.next_hint(checked.path, result.exercise)
            console.print("      " + hint.replace("\n", "\n      "), style="cyan", markup=False)


def to_json(checked: Checked) -> dict[str, object]:
    """Return what a check found out as what JSON can hold."""
    return {
        "notebook": str(checked.path),
        "seconds": round(checked.seconds, 3),
        "done": checked.done,
        "exercises": [
            {
                "id": result.exercise.name,
                "title": result.exercise.title,
                "state": result.state.value,
                "message": result.message,
                "cell": result.cell,
                "passed": result.passed,
                "tests": result.tests,
                "points": result.exercise.points,
            }
            for result in checked.results
        ],
    }
