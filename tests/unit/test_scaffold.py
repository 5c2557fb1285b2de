"""A unit of `grader new-unit`: unfinished, and every check says so; filled in, and proved."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny_course import REGISTRY, write_course

from grader.bank import bank_path, read_bank
from grader.build import build_lesson
from grader.check import course_findings
from grader.cli import cli
from grader.course import Course, Lesson, load_course
from grader.rules import source_findings, step_findings
from grader.scaffold import new_exercise, new_unit
from grader.source import SLOT, read_source

TESTS = Path(__file__).parents[1]
COMMENTED = REGISTRY.replace('name = "01_tiny"', 'name = "01_tiny"  # the folder')
FRONT_PAGE = """\
# Lessons

| unit | you will | time | needs |
|---|---|---|---|
| 01 [Tiny](01_tiny): [PyTorch](01_tiny/tiny_torch.ipynb) | double | 5 min | Python |

```mermaid
flowchart TD
    u00["00 Before"]
    u01["01 Tiny"]
    u00 --> u01
```

The end.
"""
ENTRY = {
    "name": "02_wide_nets",
    "stem": "wide_nets",
    "title": "Wide “nets”",
    "prerequisites": ["01_tiny"],
    "frameworks": ["torch", "tensorflow"],
    "minutes": 45,
}
ANSWERS = {
    'wrong="unchanged" fails="that is x as it came"': "x",
    'wrong="squared" fails="multiplied by itself"': "x * x",
    'wrong="numpy" fails="ndarray"': "2 * np.asarray(x)",
    'wrong="first-row" fails="gave shape"': "2 * x[0]",
    'right="sum"': "x + x",
    'right="other-side"': "x * 2",
}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    course = write_course(tmp_path, registry=COMMENTED)
    (tmp_path / "notebooks" / "README.md").write_text(FRONT_PAGE)
    return course


@pytest.fixture
def command(course: Course, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(course.root)
    return lambda *words: CliRunner().invoke(cli, words)


def made(course: Course, exercise: str = "gated-sum") -> Course:
    new_unit(course, ENTRY, exercise)
    return load_course(course.root)


def files_of(root: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in root.rglob("*") if path.is_file()}


def fill_in(lesson: Lesson) -> None:
    """Do an author's work: the exercise stays the example that it is, the bank gets answers."""
    text = lesson.source.read_text()
    lesson.source.write_text(re.sub(rf"{SLOT}:? ?", "", text))
    bank = bank_path(lesson)
    answers = iter(ANSWERS.items())

    def answer(slot: re.Match[str]) -> str:
        options, value = next(answers)
        return f"{slot[1]} {options}\ndef gated_sum(x):\n    return {value}\n"

    slot = re.compile(r'^(# %% exercise="[a-z-]+") .*\n(?:# .*\n)+', re.MULTILINE)
    bank.write_text(slot.sub(answer, bank.read_text()))


def test_a_unit_that_is_filled_in_passes_every_check(course: Course) -> None:
    course = made(course)
    unit = course.unit("02_wide_nets")
    shutil.copy(TESTS / "variants" / "test_variants.py", course.root / "tests" / "variants")
    for lesson in course.lessons(unit):
        build_lesson(lesson)

    found = course_findings(course, [unit])
    assert {finding.message.partition(":")[0] for finding in found} == {"still to be filled in"}
    paths = {finding.path for finding in found}
    for lesson in course.lessons(unit):
        assert {lesson.source, bank_path(lesson)} <= paths
    status, said = prove(course)
    assert status == 1
    for lesson in course.lessons(unit):
        assert f"{bank_path(lesson)}:6: still to be filled in: a wrong answer" in said
        assert f"{lesson.source}:4: still to be filled in: what the lesson is about" in said
    assert "gated-sum has 0 wrong answers, wanted at least 4" in said

    for lesson in course.lessons(unit):
        fill_in(lesson)
        build_lesson(lesson)
    front = course.root / "notebooks" / "README.md"
    front.write_text(front.read_text().replace(f"{SLOT}: what they will do there", "widen nets"))
    assert course_findings(course, [unit]) == []
    status, said = prove(course)
    assert status == 0, said


def prove(course: Course) -> tuple[int, str]:
    """Run `tests/variants` on the new unit; return its status and what it said."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/variants"]
    deselected = ["--deselect", "tests/variants/test_variants.py::test_every_lesson_has_a_bank"]
    run = subprocess.run([*command, *deselected], cwd=course.root, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def test_a_new_unit_keeps_every_rule_and_the_frameworks_in_step(course: Course) -> None:
    course = made(course)
    sources = [read_source(lesson.source) for lesson in course.lessons(course.unit(ENTRY["name"]))]
    assert [source_findings(source) for source in sources] == [[], []]
    assert list(step_findings(sources)) == []
    assert all("**You need**: lesson 01 (tiny)." in each.cells[0].source for each in sources)


def test_the_registry_keeps_its_comments_and_gains_the_unit(course: Course) -> None:
    course = made(course)
    assert "# the folder" in (course.root / "solutions" / "course.toml").read_text()
    unit = course.unit("02_wide_nets")
    assert {key: getattr(unit, key) for key in ENTRY} == {
        key: tuple(value) if isinstance(value, list) else value for key, value in ENTRY.items()
    }


def test_the_front_page_gains_a_row_a_node_and_an_arrow(course: Course) -> None:
    made(course)
    lines = (course.root / "notebooks" / "README.md").read_text().splitlines()
    row = lines[lines.index("```mermaid") - 2]
    assert row == (
        "| 02 [Wide “nets”](02_wide_nets): [PyTorch](02_wide_nets/wide_nets_torch.ipynb), "
        "[TensorFlow](02_wide_nets/wide_nets_tensorflow.ipynb) "
        f"| {SLOT}: what they will do there | 45 min | 01 |"
    )
    added = set(lines) - set(FRONT_PAGE.splitlines()) - {row}
    assert added == {'    u02["02 Wide “nets”"]', "    u01 --> u02"}


def test_a_course_without_units_or_front_page_gets_its_first_unit(tmp_path: Path) -> None:
    (tmp_path / "solutions").mkdir()
    registry = tmp_path / "solutions" / "course.toml"
    registry.write_text('course = "mine"  # ours\nunits = []\n')
    first = ENTRY | {"name": "01_first", "prerequisites": [], "frameworks": ["torch"]}
    new_unit(load_course(tmp_path), first, "first")
    (lesson,) = load_course(tmp_path).lessons()
    assert "**You need**: Python and NumPy." in lesson.source.read_text()
    assert "# ours" in registry.read_text()


def test_a_new_exercise_stands_above_what_closes_the_lesson(course: Course) -> None:
    course = made(course)
    unit = course.unit("02_wide_nets")
    lessons = [*course.lessons(unit)]
    before = [read_source(lesson.source) for lesson in lessons]
    new_exercise(lessons, "second-one")
    for lesson, old in zip(lessons, before, strict=True):
        new = read_source(lesson.source)
        assert list(new.exercises) == ["gated-sum", "second-one"]
        added = new.exercises["second-one"]
        assert [each.role for each in added] == ["task", "hint", "hint", "solution", "tests"]
        assert added[0].source.startswith("## Exercise 2.2: ")
        after = [each.source for each in new.cells if each.exercise != "second-one"]
        assert after == [each.source for each in old.cells]
        follows = new.cells[new.cells.index(added[-1]) + 1]
        assert follows.source.startswith("## PyTorch and Keras side by side")
        assert source_findings(new) == []
        assert read_bank(bank_path(lesson)) == [], "a slot is no answer"
        options = [each.options for each in read_source(bank_path(lesson)).cells]
        mine = [each for each in options if each.get("exercise") == "second-one"]
        assert sum("wrong" in each for each in mine) == 4
        assert sum("right" in each for each in mine) == 2


def test_a_new_exercise_goes_to_the_end_of_a_lesson_that_does_not_sum_up(course: Course) -> None:
    (lesson,) = course.lessons()
    text = lesson.source.read_text()
    new_exercise([lesson], "triple")
    assert lesson.source.read_text().startswith(text)
    assert list(read_source(lesson.source).exercises) == ["double", "triple"]
    assert source_findings(read_source(lesson.source)) == []


def test_one_framework_alone_can_be_asked_for(command: Callable[..., Result]) -> None:
    result = command("new-unit", "02_jit", "--framework", "tensorflow", "--title", "Just in time")
    assert result.exit_code == 0, result.output
    assert Path("solutions/02_jit/jit_tensorflow.py").exists()
    assert not Path("solutions/02_jit/jit_torch.py").exists()
    assert "# # Just in time" in Path("solutions/02_jit/jit_tensorflow.py").read_text()
    result = command("new-exercise", "02_jit", "second", "--framework", "torch")
    assert "02_jit teaches no PyTorch" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("new-unit wide", "unit wide: name 'wide' should look like '03_blocks'"),
        ("new-unit 02_Wide", "name '02_Wide' should look like"),
        ("new-unit 01_other", "number 01 is that of 01_tiny; 02 is the next free one"),
        ("new-unit 01_tiny", "is there already; for one more exercise in it: grader new-exercise"),
        ("new-unit 02_wide --needs 01_tinny", "did you mean 01_tiny"),
        ("new-unit 02_wide --stem Wide", "stem 'Wide' should look like 'blocks'"),
        ("new-unit 02_wide --title a|b", "title 'a|b' should be one line"),
        ("new-unit 02_wide --exercise Sum", "exercise id 'Sum' is not kebab-case"),
        ("new-exercise 01_tinny triple", "did you mean 01_tiny"),
        ("new-exercise 01_tiny double", "tiny_torch.py:10: exercise double is there; choose"),
        ("new-exercise 01_tiny own_sum", "exercise id 'own_sum' is not kebab-case"),
        ("new-exercise 01_tiny lambda", "is a word of Python's own"),
        ("new-exercise 01_tiny double-hint-1", "the cell's id double-hint-1 is that of line"),
    ],
)
def test_what_cannot_be_made_is_said_and_nothing_is_written(
    course: Course, command: Callable[..., Result], words: str, message: str
) -> None:
    before = files_of(course.root)
    result = command(*words.split())
    assert result.exit_code == 1
    assert message in str(result.exception)
    assert files_of(course.root) == before


def test_a_lesson_that_is_there_is_not_written_over(
    course: Course, command: Callable[..., Result]
) -> None:
    draft = course.root / "solutions" / "02_wide" / "wide_tensorflow.py"
    draft.parent.mkdir()
    draft.write_text("# my notes\n")
    before = files_of(course.root)
    assert "exists already" in str(command("new-unit", "02_wide").exception)
    assert files_of(course.root) == before


def test_a_broken_lesson_is_left_as_it_is(course: Course, command: Callable[..., Result]) -> None:
    (lesson,) = course.lessons()
    lesson.source.write_text(lesson.source.read_text().replace("answer = 2 * x", "answer = 2 *"))
    before = files_of(course.root)
    result = command("new-exercise", "01_tiny", "triple")
    assert f"{lesson.source}:23: syntax error" in str(result.exception)
    assert files_of(course.root) == before
