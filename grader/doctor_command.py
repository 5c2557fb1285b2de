"""`grader doctor`: is everything there?"""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
def doctor() -> None:
    """Look at Python, packages, kernels, sandbox, JupyterLab, GPU and gradebook.

    Each finding that is not well comes with its remedy. Exit status 1 when something that grading
    needs is missing.

    \b
    Example: grader doctor
    """
    from rich.console import Console

    from .doctor import findings

    console = Console(highlight=False, soft_wrap=True)
    marks = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "error": "[red]error[/]  "}
    failed = False
    for finding in findings(Path.cwd()):
        failed |= finding.state == "error"
        console.print(f"{marks[finding.state]} [bold]{finding.about}[/]: ", end="")
        console.print(finding.what, markup=False)
        if finding.remedy:
            console.print(f"        → {finding.remedy}", markup=False)
    raise SystemExit(int(failed))
