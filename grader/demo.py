"""Makes a course with a class in it, out of the bank of wrong and right answers.

Who does what is drawn from a fixed seed, so that two runs show the same class.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from .bank import Variant, answered, bank_path, read_bank, solutions
from .course import Course, Lesson, Unit
from .errors import GraderError

# fmt: off
NAMES = (
    "ada", "alan", "barbara", "bjarne", "claude", "cynthia", "dana", "dennis", "edsger",
    "emmy", "frances", "fei-fei", "grace", "guido", "hedy", "hopper", "ingrid", "ivan",
    "jean", "judea", "karen", "ken", "leslie", "lin", "margaret", "mei", "niklaus",
    "noor", "ole", "oksana", "peter", "priya", "radia", "ravi", "shafi", "sofia",
    "tim", "tova",
)
# fmt: on

_NOISE = """\
import logging
import sys
import warnings

logging.basicConfig(level=logging.INFO)
logging.info("training …")
warnings.warn("this is only a warning", stacklevel=1)
print("50 %|█████     |", end="\\r", file=sys.stderr)
"""
_HOSTILE = {
    "patches the tools that tests use": """\
import numpy as np
np.allclose = lambda *args, **kwargs: True
np.testing.assert_allclose = lambda *args, **kwargs: None
""",
    "takes the assertions out of every cell": """\
import ast

class Mute(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

get_ipython().ast_transformers.append(Mute())
""",
    "never ends": "while True:\n    pass\n",
    "kills its kernel": "import os\nos._exit(0)\n",
    "leaves a process behind": (
        "import subprocess\nsubprocess.Popen(['sleep', '60'], start_new_session=True)\n"
    ),
    "reads what is not its own": (
        "from pathlib import Path\nprint(Path('/etc/shadow').read_text())\n"
    ),
}


@dataclass(frozen=True)
class Member:
    """A student of the class: what they did, in words, and how their notebook comes about."""

    kind: str
    write: Callable[[NotebookNode, list[Variant], random.Random], NotebookNode | str]


def make_course(course: Course, unit: Unit, folder: Path) -> Course:
    """Copy one unit of `course`, registry and configuration included, into a new `folder`."""
    from .course import load_course

    if folder.exists() and not (folder / "submitted").is_dir() and any(folder.iterdir()):
        raise GraderError(f"{folder} exists and is no demo course; name another with --folder")
    shutil.rmtree(folder, ignore_errors=True)
    for kind in ("solutions", "notebooks"):
        shutil.copytree(course.root / kind / unit.name, folder / kind / unit.name)
    bank = Path("tests", "variants", unit.name)  # by which reports name wrong answers
    shutil.copytree(course.root / bank, folder / bank)
    shutil.copyfile(course.root / "nbgrader_config.py", folder / "nbgrader_config.py")
    quoted = ", ".join(f'"{framework}"' for framework in unit.frameworks)
    (folder / "solutions" / "course.toml").write_text(
        f'course = "demo"\n\n[limits]\ncell_seconds = 8\nnotebook_seconds = 60\n\n[[units]]\n'
        f'name = "{unit.name}"\nstem = "{unit.stem}"\ntitle = "{unit.title}"\n'
        f"frameworks = [{quoted}]\nminutes = {unit.minutes}\n",
        encoding="utf-8",
    )
    return load_course(folder)


def make_class(course: Course, bank_of: Course, unit: Unit) -> dict[str, str]:
    """Hand in a submission for each student; return what each of them did, in words."""
    lessons = list(course.lessons(unit))
    banks = {
        lesson.name: read_bank(bank_path(Lesson(bank_of.root, unit, lesson.framework)))
        for lesson in lessons
    }
    did = {}
    for number, (name, member) in enumerate(zip(NAMES, _members(), strict=False)):
        draw = random.Random(number)
        # Mostly the first framework: tracing graphs takes a TensorFlow notebook several seconds.
        lesson = lessons[-1] if number % 4 == 3 else lessons[0]
        student = nbformat.read(lesson.student, as_version=4)
        written = member.write(student, banks[lesson.name], draw)
        folder = course.root / "submitted" / name / unit.name
        folder.mkdir(parents=True)
        text = written if isinstance(written, str) else nbformat.writes(written)
        (folder / f"{lesson.name}.ipynb").write_text(text, encoding="utf-8")
        did[name] = member.kind
    return did


def _members() -> list[Member]:
    """List the class: mostly honest, as classes are."""
    hostile = [Member(kind, _hostile(source)) for kind, source in _HOSTILE.items()]
    return [
        *[Member("all right", _right)] * 8,
        *[Member("right and wrong", _mixed)] * 12,
        *[Member("half done", _half_done)] * 4,
        *[Member("right, but noisy", _noisy)] * 2,
        Member("did nothing", lambda nb, bank, draw: nb),
        Member("damaged: cut off in the middle", _cut_off),
        Member("damaged: every mark of nbgrader's lost", _unmarked),
        Member("damaged: tests deleted", _untested),
        *hostile,
    ]


def _right(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> NotebookNode:
    choice = {
        e: draw.choice([v for v in bank if v.exercise == e and v.right]) for e in solutions(nb)
    }
    return answered(nb, {exercise: variant.source for exercise, variant in choice.items()})


def _mixed(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> NotebookNode:
    choice = {e: draw.choice([v for v in bank if v.exercise == e]) for e in solutions(nb)}
    return answered(nb, {exercise: variant.source for exercise, variant in choice.items()})


def _half_done(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> NotebookNode:
    done = list(solutions(nb))[: draw.randint(1, 3)]
    return answered(nb, {e: draw.choice([v.source for v in bank if v.exercise == e]) for e in done})


def _before_exercises(nb: NotebookNode, source: str) -> NotebookNode:
    nb.cells.insert(3, new_code_cell(source))
    return nb


def _noisy(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> NotebookNode:
    return _before_exercises(_right(nb, bank, draw), _NOISE)


def _cut_off(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> str:
    text: str = nbformat.writes(_right(nb, bank, draw))
    return text[: len(text) // 2]


def _unmarked(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> NotebookNode:
    notebook = _right(nb, bank, draw)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    return notebook


def _untested(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> NotebookNode:
    notebook = _mixed(nb, bank, draw)
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    return notebook


def _hostile(source: str) -> Callable[[NotebookNode, list[Variant], random.Random], NotebookNode]:
    def write(nb: NotebookNode, bank: list[Variant], draw: random.Random) -> NotebookNode:
        return _before_exercises(_mixed(nb, bank, draw), source)

    return write
