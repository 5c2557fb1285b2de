"""Replays the course on the newest releases, and says what changed. `make canary` runs it.

In a throw-away environment, pins such as torch==2.13.0 give way to the newest release of the same
major version. Every cell of every instructor notebook runs there, its tests cells with the hidden
tests among them, and nbval compares what it prints with what is committed. Nothing in this folder
is changed.

    python tests/canary.py                         # everything
    python tests/canary.py 03_blocks 14_graphs     # two units
    python tests/canary.py --keep torch            # torch stays at its pin
    python tests/canary.py --environment DIR       # keep the environment, and use it again
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from packaging.requirements import Requirement
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.course import find_course
from grader.errors import GraderError

ROOT = Path(__file__).parents[1]
REPLAY = ("nbval", "pytest", "pytest-xdist")
"""What the replay itself needs of the packages that tests use."""
SHOWN = 12
"""Lines of a difference that are printed."""
_COLOURS = re.compile(r"(?:\x1b|#x1B)\[[0-9;]*m")
console = Console(highlight=False)


@dataclass(frozen=True)
class Change:
    """A cell that no longer does what it did: its name, as nbval gives it, and what is new."""

    cell: str
    difference: str


def requirements(keep: set[str]) -> list[Requirement]:
    """Read the project's requirements, pins widened to their major version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    found = {}
    for text in listed:
        requirement = Requirement(text)
        wanted = text in project["dependencies"] or requirement.name in REPLAY
        if wanted and (requirement.marker is None or requirement.marker.evaluate()):
            found[requirement.name] = requirement
    if unknown := keep - found.keys():
        raise GraderError(f"--keep {', '.join(sorted(unknown))}: not among the requirements")
    return [each if each.name in keep else widened(each) for each in found.values()]


def widened(requirement: Requirement) -> Requirement:
    """Let ==2.13.0 be any later release before 3."""
    pins = [each.version for each in requirement.specifier if each.operator == "=="]
    if not pins:
        return requirement
    major = int(pins[0].split(".")[0])
    return Requirement(f"{requirement.name}>={pins[0]},<{major + 1}")


def install(folder: Path, wanted: list[Requirement]) -> Path:
    """Install the newest releases that fit into an environment; return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for words in (["--upgrade", *map(str, wanted)], ["--no-deps", "--editable", str(ROOT)]):
        done = subprocess.run([*pip, *words], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise GraderError(f"pip could not install the newest releases:\n{done.stderr[-2000:]}")
    return python


def versions(python: Path, names: list[str]) -> dict[str, str]:
    """Ask an environment for the versions of packages."""
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    done = subprocess.run([python, "-c", code, *names], stdout=subprocess.PIPE, check=True)
    return dict(zip(names, done.stdout.decode().split(), strict=True))


def replay(
    python: Path, notebooks: list[Path], root: Path = ROOT
) -> tuple[dict[str, list[Change]], int]:
    """Run notebooks below `root`; return the cells that changed, by notebook, and how many ran."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "replay.xml")
        words = (
            *("-m", "pytest", "-q", "--no-header", "--tb=short", "-n", "2", "--dist", "loadfile"),
            *("-p", "no:cacheprovider", "--nbval", "--nbval-kernel-name", "python3"),
            *("--nbval-sanitize-with", ROOT / "tests" / "nbval_sanitize.cfg"),
            *("--rootdir", root, f"--junitxml={result}", *notebooks),
        )
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "0",
        }
        ran = subprocess.run(
            [python, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=False
        )
        if not result.exists():
            raise GraderError(f"nothing could be replayed:\n{ran.stdout.decode()[-2000:]}")
        return read_result(result)


def read_result(path: Path) -> tuple[dict[str, list[Change]], int]:
    """Read what pytest wrote of a replay: the cells that changed, by notebook; how many ran."""
    changes: dict[str, list[Change]] = defaultdict(list)
    cases = ElementTree.parse(path).findall(".//testcase")
    for case in cases:
        for kind in ("failure", "error"):
            if (found := case.find(kind)) is not None:
                said = _COLOURS.sub("", found.text or found.get("message") or "")
                notebook = str(case.get("classname")).rsplit(".", 2)[-2]
                changes[notebook].append(Change(str(case.get("name")), said))
    return dict(changes), len(cases)


def show(changes: dict[str, list[Change]], cells: int, notebooks: list[Path]) -> None:
    """Print what changed, lesson by lesson."""
    for notebook, changed in sorted(changes.items()):
        console.rule(f"{notebook}: {len(changed)} cells", align="left")
        for change in changed:
            console.print(f"[bold]{escape(change.cell)}[/bold]")
            lines = [line for line in change.difference.splitlines() if line.strip()]
            console.print(escape("\n".join(f"    {line}" for line in lines[:SHOWN])))
            if len(lines) > SHOWN:
                console.print(f"    … and {len(lines) - SHOWN} lines more")
    count = sum(map(len, changes.values()))
    where = f"in {len(changes)} of {len(notebooks)} lessons"
    console.print(f"{count} of {cells} cells changed, {where}")


def main() -> None:
    """Install, replay, say what changed; the exit status is 1 where anything did."""
    parser = argparse.ArgumentParser(
        prog="make canary",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("units", nargs="*", metavar="UNIT")
    parser.add_argument(
        "--keep", action="append", default=[], metavar="PACKAGE", help="leave a package at its pin"
    )
    parser.add_argument(
        "--environment", type=Path, metavar="DIR", help="keep the environment here (2 GB)"
    )
    options = parser.parse_args()
    try:
        course = find_course(ROOT)
        units = [course.unit(name) for name in options.units] or list(course.units)
        notebooks = [lesson.instructor for unit in units for lesson in course.lessons(unit)]
        wanted = requirements(set(options.keep))
        with ExitStack() as opened:
            place = options.environment or opened.enter_context(
                tempfile.TemporaryDirectory(prefix="canary-")
            )
            console.print("installing the newest releases …")
            python = install(Path(place).absolute(), wanted)
            names = [requirement.name for requirement in wanted]
            here, there = versions(Path(sys.executable), names), versions(python, names)
            table = Table("package", "here", "newest")
            for name in names:
                if here[name] != there[name]:
                    table.add_row(name, here[name], there[name])
            console.print(table if table.row_count else "every package is at its newest already")
            console.print(f"replaying {len(notebooks)} lessons …")
            changes, cells = replay(python, notebooks)
    except GraderError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped; nothing was changed")
    show(changes, cells, notebooks)
    sys.exit(bool(changes))


if __name__ == "__main__":
    main()
