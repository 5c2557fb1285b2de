"""The hostile corpus: reads the attacks of the percent files and makes submissions of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from damaged import DAMAGES, edited, put_beside
from nbformat import NotebookNode
from noise import DISORDERS, NOISES

from grader.course import Course, Lesson
from grader.source import read_source

HERE = Path(__file__).parent
RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "total": (
        "def total(numbers):\n    result = 0.0\n    for each in numbers:\n"
        "        result += each\n    return result"
    ),
}
ONLY_FEW = "HOSTILE_FEW"
"""An environment variable; where it is set, the corpus is `FEW`."""
FEW = {
    "damaged-pipe",
    "death-kills-everybody",
    "death-kills-its-parent",
    "files-link-beside",
    "frameworks-always-equal",
    "kernel-run-cell",
    "messages-second-kernel",
    "network-tcp",
    "network-other-kernels-socket",
    "noise-plots-keras",
    "noise-tempfile",
    "peeking-bends-other-processes",
    "peeking-files-of-the-host",
    "peeking-other-processes",
    "peeking-writes-elsewhere",
    "processes-daemon-that-waits-and-writes",
    "processes-fork-bomb-in-the-cell",
    "processes-outlives-the-kernel",
    "returns-always-equal",
    "size-growth-of-children",
    "size-many-bytes",
    "time-stopped",
    "tools-allclose",
}
"""At least one of each row: those that meet another user's rights in another way."""
SUFFIXES = {"torch": "", "tensorflow": "-keras"}
"""What the names of submissions end with that come in both frameworks."""
WRONG = "def double(x):\n    return 3 * x"


@dataclass(frozen=True)
class Attack:
    """One submission of the corpus, and what must become of it.

    `verdicts` is what the attacked exercise may end as, `rest` the other one. `says` must be in a
    message, a repair or a note; `hides` must be in nothing that the grader keeps. `cells` are the
    sources of exercises; `data` makes the file out of a solved notebook.
    """

    row: str
    name: str
    framework: str = "torch"
    verdicts: tuple[str, ...] = ("passed",)
    rest: tuple[str, ...] = ("passed",)
    exercise: str = "double"
    says: str = ""
    hides: tuple[str, ...] = ()
    beside: str = ""
    cells: dict[str, str] = field(default_factory=dict, compare=False)
    data: Callable[[NotebookNode], bytes] | None = field(default=None, compare=False)

    @property
    def student(self) -> str:
        return f"{self.row}-{self.name}"


def attacks_in(path: Path) -> list[Attack]:
    """Read the attacks of one percent file, named row_framework.py."""
    row, framework = path.stem.split("_")
    found = []
    for cell in read_source(path).cells:
        options = dict(cell.options)
        if cell.kind != "code":
            continue
        exercise = options.get("exercise", "double")
        defined = {name for name in RIGHT if f"def {name}(" in cell.source}
        others = {name: text for name, text in RIGHT.items() if name not in defined | {exercise}}
        found.append(
            Attack(
                row=row,
                name=options["attack"],
                framework=framework,
                verdicts=tuple(options["verdict"].split("|")),
                rest=tuple(options.get("rest", "passed").split("|")),
                exercise=exercise,
                says=options.get("says", ""),
                hides=("LEAK", *filter(None, options.get("hides", "").split())),
                beside=options.get("beside", ""),
                cells={**others, exercise: cell.source},
            )
        )
    return found


def corpus() -> list[Attack]:
    """Collect every submission, or `FEW`: percent files, damaged notebooks, honest noise."""
    found = [
        attack
        for path in sorted(HERE.glob("*_t*.py"))
        if not path.stem.startswith("test_")
        for attack in attacks_in(path)
    ]
    found += [
        Attack(
            row="damaged",
            name=damage.name,
            verdicts=damage.double,
            rest=damage.total,
            says=damage.says,
            data=damage.apply,
            beside=damage.beside,
        )
        for damage in DAMAGES
    ]
    found += honest_noise()
    return [each for each in found if each.student in FEW] if os.environ.get(ONLY_FEW) else found


def honest_noise() -> list[Attack]:
    """Make the noisy submissions: in both frameworks, unless a source speaks of one of them."""
    found = []
    for framework, suffix in SUFFIXES.items():
        for name, source in NOISES.items():
            if framework == "torch" or "torch" not in source:
                cells = {**RIGHT, "double": source}
                found.append(Attack("noise", name + suffix, framework, cells=cells))
        for disorder in DISORDERS:
            name = disorder.__name__.replace("_", "-") + suffix
            found.append(Attack("noise", name, framework, data=edited(disorder)))
    return found


def notebook(lesson: Lesson, cells: dict[str, str]) -> NotebookNode:
    """Return the student edition of a lesson with these solutions in it."""
    nb = nbformat.read(lesson.student, as_version=4)
    for cell in nb.cells:
        key = cell.metadata.get("nbgrader", {}).get("grade_id")
        if key in cells:
            cell.source = cells[key]
    return nb


def hand_in(course: Course, attack: Attack, words: dict[str, str]) -> None:
    """Write an attack into `submitted/`, with `@WORD@` replaced by `words`."""
    (unit,) = course.units
    lesson = next(each for each in course.lessons() if each.framework == attack.framework)
    folder = course.root / "submitted" / attack.student / unit.name
    folder.mkdir(parents=True)
    target = folder / f"{lesson.name}.ipynb"
    if attack.data is not None:
        target.write_bytes(attack.data(notebook(lesson, RIGHT)))
    elif attack.cells:
        cells = {key: _filled(text, words) for key, text in attack.cells.items()}
        target.write_text(nbformat.writes(notebook(lesson, cells)), encoding="utf-8")
    if attack.beside:
        put_beside(attack.beside, folder, target, Path(words["CANARY"]))


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def kept_text(path: Path) -> str:
    """Return everything that a graded notebook shows: its outputs and its report, as text."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    shown = [cell.get("outputs", []) for cell in content["cells"]]
    return json.dumps([shown, content["metadata"]], ensure_ascii=False)
