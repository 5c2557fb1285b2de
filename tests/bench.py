"""Measures grading side by side with stock nbgrader, in one run. `make bench` runs it.

Every way grades the same class of honest submissions of one unit, both notebooks each, from the
command line, start-up included; the figures are the time that a person waits.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from grader.bank import answered, bank_path, read_bank, solutions
from grader.course import Course, Unit, find_course
from grader.demo import make_course

STOCK = """\
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.ignore = ["*.py", "*.toml", "*.md", ".*", "*.pyc", "__pycache__"]
c.Execute.kernel_name = "{kernel}"
"""


def hand_in(source: Course, course: Course, unit: Unit, students: int) -> None:
    """Give every student right answers, written differently where the bank has several."""
    for lesson in source.lessons(unit):
        right = [variant for variant in read_bank(bank_path(lesson)) if variant.right]
        notebook = nbformat.read(lesson.student, as_version=4)
        for number in range(students):
            answers = {}
            for exercise in solutions(notebook):
                mine = [variant for variant in right if variant.exercise == exercise]
                answers[exercise] = mine[number % len(mine)].source
            folder = course.root / "submitted" / f"student{number:03}" / unit.name
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(answered(notebook, answers), folder / f"{lesson.name}.ipynb")


def seconds(course: Course, *words: str) -> float:
    """Run a command in a course's folder; return how long it took."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    began = time.monotonic()
    subprocess.run(
        words, cwd=course.root, check=True, capture_output=True, env={**os.environ, "PATH": path}
    )
    return time.monotonic() - began


def stock(course: Course, unit: Unit, kernels: dict[str, str]) -> float:
    """Grade with nbgrader's own preprocessors, a framework after the other."""
    total = 0.0
    for lesson in course.lessons(unit):
        config = STOCK.format(kernel=kernels[lesson.framework])
        (course.root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        if not (course.root / "gradebook.db").exists():
            seconds(course, "nbgrader", "generate_assignment", unit.name, "--force")
        total += seconds(course, "nbgrader", "autograde", unit.name, "--notebook", lesson.name)
    return total


def forget(course: Course) -> None:
    """Take a course back to before it was graded."""
    for kind in ("autograded", "report", "feedback"):
        shutil.rmtree(course.root / kind, ignore_errors=True)
    (course.root / "gradebook.db").unlink(missing_ok=True)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--students", type=int, default=10)
    parser.add_argument("--unit", default="03_blocks")
    options = parser.parse_args()
    console = Console()
    source = find_course(Path.cwd())
    unit = source.unit(options.unit)
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(source, unit, Path(folder) / "course")
        ours = (course.root / "nbgrader_config.py").read_text(encoding="utf-8")
        hand_in(source, course, unit, options.students)
        rows = []

        def measure(name: str, run: object) -> None:
            forget(course)
            console.print(f"{name} …", highlight=False)
            rows.append((name, run()))  # type: ignore[operator]

        plain = dict.fromkeys(unit.frameworks, "python3")
        warm = {framework: f"grader-{framework}" for framework in unit.frameworks}
        measure("nbgrader autograde, kernel python3", lambda: stock(course, unit, plain))
        measure("nbgrader autograde, our kernels", lambda: stock(course, unit, warm))
        (course.root / "nbgrader_config.py").write_text(ours, encoding="utf-8")
        for jobs in (1, 2):
            words = ("grader", "autograde", unit.name, "--jobs", str(jobs))
            measure(" ".join(words), lambda words=words: seconds(course, *words))
    notebooks = options.students * len(unit.frameworks)
    table = Table(title=f"{options.students} submissions of {unit.name}, {notebooks} notebooks")
    for heading in ("way", "seconds", "seconds per notebook", "times as fast"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for name, took in rows:
        table.add_row(name, f"{took:.1f}", f"{took / notebooks:.2f}", f"{rows[0][1] / took:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
