"""The smallest course that keeps every rule, for tests to break in one place each."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course, load_course
from grader.rules import Finding, source_findings
from grader.source import parse_source

LESSON = '''\
# %% [markdown]
# # Tiny

# %% role="setup"
import math

# %% listing="S0-01"
print(math.floor(2.5))

# %% [markdown] exercise="double" role="task"
# ## Exercise 1: double

# %% [markdown] exercise="double" role="hint"
# Add.

# %% [markdown] exercise="double" role="hint"
# Multiply.

# %% exercise="double" role="solution"
def double(x: int) -> int:
    """Return twice `x`."""
    # BEGIN SOLUTION
    answer = 2 * x
    return answer
    # END SOLUTION


# %% exercise="double" role="tests" points=2
assert double(2) == 4, "double(2) should be 4"
# BEGIN HIDDEN TESTS
assert double(-3) == -6, "double(-3) should be -6"
# END HIDDEN TESTS
'''

REGISTRY = """\
course = "tiny"

[[units]]
name = "01_tiny"
stem = "tiny"
title = "Tiny"
frameworks = ["torch"]
minutes = 5
"""


def write_course(root: Path, lesson: str = LESSON, registry: str = REGISTRY) -> Course:
    """Write a course of one unit under `root`, the same lesson for each of its frameworks."""
    folder = root / "solutions" / "01_tiny"
    folder.mkdir(parents=True)
    (root / "notebooks").mkdir()
    (root / "solutions" / "course.toml").write_text(registry)
    course = load_course(root)
    for each in course.lessons():
        each.source.write_text(lesson)
    return course


def findings(lesson: str) -> list[Finding]:
    """Return what the rules find in the text of a lesson."""
    return source_findings(parse_source(Path("lesson.py"), lesson))


def line_of(text: str, part: str) -> int:
    """Return the line, from 1, on which `part` begins in `text`."""
    return text[: text.index(part)].count("\n") + 1


def changed(old: str, new: str) -> str:
    """Return the lesson with one part replaced, and insist that the part is there."""
    assert old in LESSON
    return LESSON.replace(old, new, 1)
