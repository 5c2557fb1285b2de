"""Looks at what the course needs on this machine, and says for each finding what to do."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from . import sandbox
from .course import FRAMEWORKS, find_course
from .errors import GraderError

DISTRIBUTION = "frameworks-inside"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: "ok", "warning" (something is slower or missing) or "error"."""

    about: str
    state: str
    what: str
    remedy: str = ""


def findings(start: Path) -> Iterator[Finding]:
    """Look at everything, in the order in which one thing needs another."""
    yield from _python()
    yield from _packages()
    yield from _sandbox()
    yield from _kernels()
    yield from _jupyter()
    yield from _gpu()
    yield from _course(start)


def _python() -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()}, {sys.prefix}")


def _packages() -> Iterator[Finding]:
    """Hold what is installed against what this package asks for."""
    wrong = []
    for text in metadata.requires(DISTRIBUTION) or []:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} is {found}, wanted {wanted.specifier}")
    if wrong:
        yield Finding("packages", "error", "; ".join(wrong), f"pip install -e {_source()}")
    else:
        names = ("torch", "tensorflow", "keras", "nbgrader", "jupyterlab")
        shown = ", ".join(f"{name} {metadata.version(name)}" for name in names)
        yield Finding("packages", "ok", shown)


def _source() -> str:
    return str(Path(__file__).parents[1])


def _sandbox() -> Iterator[Finding]:
    lacking = sandbox.lacking()
    strongest = next((kind for kind, what in lacking.items() if not what), None)
    if strongest is None:
        yield Finding(
            "sandbox",
            "error",
            "; ".join(dict.fromkeys(lacking.values())),
            "grade on Linux 6.12 or newer, or allow user namespaces; grader autograde --no-sandbox "
            "runs notebooks uncontained",
        )
        return
    what = "files by Landlock" if strongest == "landlock" else "files by user namespaces"
    user = "as root" if os.getuid() == 0 else "without root"
    yield Finding("sandbox", "ok", f"{what}, calls by seccomp, {user}")
    for kind, missing in lacking.items():
        if missing and kind != strongest:
            yield Finding(
                "sandbox", "warning", f"no {kind}: {missing}", "nothing: it is not needed"
            )


def _kernels() -> Iterator[Finding]:
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().find_kernel_specs()
    for framework, name in FRAMEWORKS.items():
        kernel = f"grader-{framework}"
        if kernel not in specs:
            yield Finding("kernels", "error", f"no kernel {kernel}", f"pip install -e {_source()}")
            continue
        if not sys.platform.startswith("linux"):
            continue
        from .launcher import LaunchError, zygote_for

        try:
            zygote_for(framework).wait_until_ready()
        except LaunchError as error:
            yield Finding(
                "kernels",
                "warning",
                f"{kernel} starts cold: {error}",
                f"python -c 'import {framework}' shows what is wrong with {name}",
            )
        else:
            yield Finding("kernels", "ok", f"{kernel} starts warm")


def _jupyter() -> Iterator[Finding]:
    """Ask Jupyter which of nbgrader's extensions it has."""
    jupyter = shutil.which("jupyter")
    if jupyter is None:
        yield Finding("JupyterLab", "warning", "jupyter is not on the PATH", "activate the venv")
        return
    run = subprocess.run(
        [jupyter, "labextension", "list"], capture_output=True, text=True, check=False
    )
    lines = (run.stdout + run.stderr).splitlines()
    line = next((each for each in lines if "nbgrader" in each), "")
    if "enabled" in line and "OK" in line:
        yield Finding("JupyterLab", "ok", "Validate and Formgrader are enabled")
    else:
        yield Finding(
            "JupyterLab",
            "warning",
            "nbgrader's extension is not enabled: no Validate button",
            "jupyter labextension enable nbgrader",
        )


def _gpu() -> Iterator[Finding]:
    """Ask in a process of its own: this one may fork, which CUDA does not survive."""
    code = "import json, torch; print(json.dumps(torch.cuda.device_count()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    count = json.loads(run.stdout) if run.returncode == 0 else 0
    what = f"{count} seen by PyTorch" if count else "none; the cells that need one are skipped"
    yield Finding("GPU", "ok", what)


def _course(start: Path) -> Iterator[Finding]:
    try:
        course = find_course(start)
    except GraderError as error:
        yield Finding("course", "warning", str(error), "cd into the folder of a course")
        return
    missing = [x.name for x in course.lessons() if not x.instructor.exists()]
    if missing:
        yield Finding("course", "error", f"not built: {', '.join(missing)}", "grader build")
    else:
        units = len(course.units)
        yield Finding("course", "ok", f"{course.name}: {units} units, {course.root}")
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import SQLAlchemyError

    from .desk import Desk

    url = make_url(Desk(course).folders.db_url)
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        yield Finding("gradebook", "ok", "none yet; the first grader autograde makes it")
        return
    try:
        with create_engine(url).connect():
            pass
    except (SQLAlchemyError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Finding(
            "gradebook",
            "error",
            f"{url!r} does not answer: {reason}",
            "start the server, or mend CourseDirectory.db_url in nbgrader_config.py",
        )
    else:
        yield Finding("gradebook", "ok", repr(url))
