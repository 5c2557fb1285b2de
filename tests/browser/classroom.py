"""A small class for tests: one is right, one is partly wrong, and one handed in a broken file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from grader.bank import answered, bank_path

from . import lesson as blocks

# One framework is enough here: TensorFlow would only take time to import. The limits are wide, for
# a grade must not depend on how busy the machine is.
REGISTRY = """\
course = "browser"

[limits]
cell_seconds = 60
notebook_seconds = 240

[[units]]
name = "03_blocks"
stem = "blocks"
title = "Blocks"
frameworks = ["torch"]
minutes = 50
"""
UNIT = "03_blocks"
WRONG = ("mlp", "no-activation")


def marks_of_ben() -> dict[str, float]:
    """Map each tests cell to the points that it must give for one wrong answer among right ones."""
    wrong = blocks.variant(*WRONG)
    marks = blocks.points()
    assert wrong.points == marks[f"{wrong.exercise}-tests-2"]
    return marks | {f"{wrong.exercise}-tests-1": 0}


def hand_in(folder: Path) -> Path:
    """Make a course in `folder` in which ada, ben and cleo have handed in."""
    lesson = blocks.lesson()
    student = blocks.notebook(lesson.student)
    bank = bank_path(lesson)
    for path in (lesson.instructor, lesson.student, bank, lesson.root / "nbgrader_config.py"):
        copy = folder / path.relative_to(lesson.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (folder / "solutions" / "course.toml").write_text(REGISTRY)
    right, wrong = blocks.reference(), blocks.variant(*WRONG)
    for name, text in {
        "ada": nbformat.writes(answered(student, right)),
        "ben": nbformat.writes(answered(student, right | {wrong.exercise: wrong.source})),
        "cleo": nbformat.writes(student)[:1000],
    }.items():
        handed_in = folder / "submitted" / name / UNIT
        handed_in.mkdir(parents=True)
        (handed_in / lesson.student.name).write_text(text, encoding="utf-8")
    return folder


def grader(folder: Path, *words: str) -> None:
    """Run `grader WORDS` in a course."""
    command = [sys.executable, "-m", "grader.cli", *words]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, f"{' '.join(command)} failed:\n{run.stdout}{run.stderr}"
