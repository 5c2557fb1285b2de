"""The `grader` command."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from .errors import GraderError

# jsonschema imports this where JupyterLab has brought it, and it then compiles a grammar for over
# two seconds. It checks formats (iri) that no notebook has.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# Imported only when asked for: `grader --help` should not wait for nbgrader.
_COMMANDS = {
    "build": "Build the notebooks of lessons from their sources.",
    "new-unit": "Begin a unit: lessons, answer banks, registry.",
    "new-exercise": "Begin an exercise in a unit.",
    "collect": "Put submissions from Canvas, Moodle or a folder onto the desk.",
    "autograde": "Grade the submissions of a unit.",
    "report": "See what became of a class.",
    "feedback": "Write the feedback that students get back.",
    "demo": "Make a class, grade it, and show what comes out.",
    "check": "See how the exercises of a notebook stand.",
    "watch": "Check notebooks whenever they are saved.",
    "progress": "See how far you have come.",
    "doctor": "See whether everything is there that the course needs.",
}


class _Lazy(click.Group):
    """Loads `grader.<name>_command` when the command `name` is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"grader.{name}_command"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command; offer the nearest one for a name that there is not."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="frameworks-inside")
def cli() -> None:
    """Build, prove and grade the notebooks of the course, and check your own.

    \b
    A student's day:       grader watch            a verdict on every save
                           grader check --hint     how exercises stand, and the next hint
    An instructor's day:   grader build            lessons -> notebooks
                           grader collect UNIT ZIP an LMS's download -> submissions
                           grader autograde UNIT   submissions -> grades
                           grader report UNIT      what became of the class
                           grader feedback UNIT    grades -> pages for students
    An author's day:       grader new-exercise UNIT ID   a form to fill in
                           grader build --check          what is left to do
    """


def main() -> None:
    """Run the command; an error that we foresaw is one sentence and exit status 1."""
    # nbgrader calls `alembic` by name when it makes a gradebook.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    try:
        cli(prog_name="grader", standalone_mode=False)
    except GraderError as error:
        _fail(str(error))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was finished is kept", err=True)
        sys.exit(130)
    except PermissionError as error:
        _fail(f"no permission for {error.filename}; check who owns it")
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"{error.strerror or error}{where}")


def _fail(message: str) -> None:
    click.echo(f"error: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
