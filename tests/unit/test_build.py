"""One course is built on a real kernel and copied for each test; few tests need another run."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result
from nbformat import NotebookNode
from tiny_course import LESSON, REGISTRY, changed, line_of, write_course

import grader.build
from grader.build import Outcome, build_lesson, write_atomically
from grader.build_command import build
from grader.check import course_findings
from grader.course import Course, Lesson, load_course
from grader.errors import GraderError

RAISES = (
    '# %% tags=["raises-exception"]\nimport json\n\njson.loads("{")\n\n# %% [markdown] exercise'
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    course = write_course(root, LESSON.replace("# %% [markdown] exercise", RAISES, 1))
    assert [build_lesson(lesson) for lesson in course.lessons()] == [Outcome.BUILT]
    return root


@pytest.fixture
def course(built: Path, tmp_path: Path) -> Course:
    return load_course(shutil.copytree(built, tmp_path / "course"))


@pytest.fixture
def lesson(course: Course) -> Lesson:
    return next(course.lessons())


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_cells(*_: object) -> None:
        raise AssertionError("a notebook was run")

    monkeypatch.setattr(grader.build, "run_cells", run_cells)


@pytest.fixture
def command(course: Course, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(course.root)
    return lambda *arguments: CliRunner().invoke(build, arguments)


def read(path: Path) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def check(course: Course) -> list[str]:
    return [str(finding) for finding in course_findings(course, course.units)]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_when_a_lesson_is_built_then_the_instructor_notebook_holds_what_the_kernel_gave(
    lesson: Lesson,
) -> None:
    notebook = read(lesson.instructor)
    cells = {cell.id: cell for cell in notebook.cells}
    assert cells["cell-03"].outputs[0].text == "2\n"
    assert cells["cell-04"].outputs[0].ename == "JSONDecodeError"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4, 5]
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info


def test_when_a_lesson_is_built_then_nothing_in_it_tells_the_machine(lesson: Lesson) -> None:
    text = lesson.instructor.read_text()
    assert str(lesson.root) not in text
    assert not re.search(r"/lib/python\d", text)
    assert "iopub" not in text


def test_when_a_lesson_is_built_then_nbgrader_metadata_follows_the_options(lesson: Lesson) -> None:
    cells = {cell.id: cell.metadata for cell in read(lesson.instructor).cells}
    roles = {
        key: (each.nbgrader.solution, each.nbgrader.grade, each.nbgrader.locked)
        for key, each in cells.items()
        if "nbgrader" in each
    }
    assert roles == {
        "setup-1": (False, False, True),
        "double-task": (False, False, True),
        "double-hint-1": (False, False, True),
        "double-hint-2": (False, False, True),
        "double": (True, False, False),
        "double-tests-1": (False, True, True),
    }
    assert all(cells[key].nbgrader.grade_id == key for key in roles)
    assert cells["double-tests-1"].nbgrader.points == 2
    assert cells["cell-03"].listing == "S0-01"
    assert cells["cell-04"].tags == ["raises-exception"]


def test_when_a_lesson_is_built_then_the_student_notebook_is_cut_and_empty(lesson: Lesson) -> None:
    notebook = read(lesson.student)
    cells = {cell.id: cell for cell in notebook.cells}
    assert "raise NotImplementedError()" in cells["double"].source
    assert cells["double-tests-1"].source == 'assert double(2) == 4, "double(2) should be 4"'
    assert cells["double-tests-1"].metadata.nbgrader.checksum
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert "grader" not in notebook.metadata


def test_when_nothing_changed_then_nothing_is_run_or_written(
    lesson: Lesson, no_kernel: None
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (lesson.instructor, lesson.student)}
    assert build_lesson(lesson) is Outcome.UP_TO_DATE
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_when_only_prose_changed_then_outputs_are_kept(lesson: Lesson, no_kernel: None) -> None:
    edit(lesson.source, "# Add.", "# Add `x` to itself.")
    assert build_lesson(lesson) is Outcome.OUTPUTS_KEPT
    for path in (lesson.instructor, lesson.student):
        assert "Add `x` to itself." in path.read_text()
    assert read(lesson.instructor).cells[2].outputs[0].text == "2\n"


def test_when_built_again_from_nothing_then_the_bytes_are_the_same(lesson: Lesson) -> None:
    before = {path: path.read_bytes() for path in (lesson.instructor, lesson.student)}
    for path in before:
        path.unlink()
    assert build_lesson(lesson) is Outcome.BUILT
    assert before == {path: path.read_bytes() for path in before}


def test_when_code_or_a_version_changed_then_the_lesson_is_run_again(
    lesson: Lesson, no_kernel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(grader.build, "_version", lambda package: "9.9")
        with pytest.raises(AssertionError, match="was run"):
            build_lesson(lesson)
    edit(lesson.source, "floor(2.5)", "floor(3.5)")
    with pytest.raises(AssertionError, match="was run"):
        build_lesson(lesson)


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("print(math.floor(2.5))", "x = 1\nx / 0", "x / 0", "cell raised ZeroDivisionError; put"),
        ("answer = 2 * x", "answer = x", "assert double(2)",
         "raised AssertionError; put it right: double(2) should be 4"),
        ("print(math", "import sys\nprint('oh', file=sys.stderr)\nprint(math", "# %% listing",
         "the cell wrote to stderr: 'oh'; keep it silent"),
        ('listing="S0-01"', 'tags=["raises-exception"]', "# %% tags", "raises nothing; untag it"),
        ("print(math", "import os\nos._exit(3)\nprint(math", "# %% listing", "ended its kernel"),
        ("print(math", "import time\ntime.sleep(60)\nprint(math", "# %% listing",
         "ran for more than 2 s; make it quicker"),
    ],
)  # fmt: skip
def test_when_a_cell_misbehaves_then_the_error_names_its_line_and_nothing_is_written(
    tmp_path: Path, old: str, new: str, at: str, message: str
) -> None:
    text = changed(old, new)
    registry = REGISTRY + "limits.notebook_seconds = 2\n"
    (lesson,) = write_course(tmp_path, text, registry).lessons()
    with pytest.raises(GraderError) as caught:
        build_lesson(lesson)
    assert str(caught.value).startswith(f"{lesson.source}:{line_of(text, at)}: ")
    assert message in str(caught.value)
    assert not lesson.instructor.exists()
    assert not lesson.student.exists()


def test_when_a_rule_is_broken_then_nothing_is_run_or_written(
    lesson: Lesson, no_kernel: None
) -> None:
    before = lesson.student.read_bytes()
    edit(lesson.source, " points=2", "")
    with pytest.raises(GraderError, match="a tests cell without points"):
        build_lesson(lesson)
    assert lesson.student.read_bytes() == before


def test_when_a_file_cannot_be_put_in_place_then_the_old_one_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(GraderError, match=r"cannot write .*folder: "):
        write_atomically(tmp_path / "folder", "text")
    (tmp_path / "file").write_text("old")
    with pytest.raises(GraderError, match="cannot write"):
        write_atomically(tmp_path / "file" / "below", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_when_everything_is_built_then_check_finds_nothing(course: Course) -> None:
    assert check(course) == []


def test_when_a_built_file_is_missing_then_check_says_what_to_run(
    course: Course, lesson: Lesson
) -> None:
    lesson.student.unlink()
    assert check(course) == [f"{lesson.student}:1: is missing; run `grader build 01_tiny`"]


def test_when_a_built_file_was_edited_then_check_names_the_source_to_edit(
    course: Course, lesson: Lesson
) -> None:
    line = line_of(lesson.student.read_text(), '"Add."')
    edit(lesson.student, "Add.", "Ad.")
    at = line_of(lesson.source.read_text(), '# %% [markdown] exercise="double" role="hint"')
    assert check(course) == [
        f"{lesson.student}:{line}: cell double-hint-1 is not what tiny_torch.py:{at} gives; "
        "edit the source, not this file, then run `grader build 01_tiny`"
    ]


def test_when_the_source_changed_then_check_names_the_line(course: Course, lesson: Lesson) -> None:
    edit(lesson.source, "floor(2.5)", "floor(3.5)")
    (found,) = check(course)
    at = line_of(lesson.source.read_text(), "# %% listing")
    assert f"tiny_torch.py:{at} has changed; run `grader build 01_tiny`" in found


def test_when_a_version_changed_then_check_names_it(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grader.build, "_version", lambda package: "9.9")
    (found,) = check(course)
    assert re.search(r"was run with .*torch \d[^;]*, now 9\.9", found)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"nbformat": 4, "nbformat_minor": 5}'])
def test_when_a_built_file_is_no_notebook_then_check_and_build_say_so_and_mend_it(
    course: Course, lesson: Lesson, text: str
) -> None:
    right = lesson.student.read_text()
    lesson.student.write_text(text)
    (found,) = check(course)
    assert "is not a notebook of format 4.5; run `grader build" in found
    assert build_lesson(lesson) is Outcome.OUTPUTS_KEPT
    assert lesson.student.read_text() == right


@pytest.mark.parametrize("secret", ["answer = 2 * x", "assert double(-3) == -6"])
def test_when_a_student_notebook_shows_a_secret_then_check_names_both_lines(
    course: Course, lesson: Lesson, secret: str
) -> None:
    shutil.copy(lesson.instructor, lesson.student)
    at = line_of(lesson.student.read_text(), secret)
    source = line_of(lesson.source.read_text(), secret)
    words = f"{lesson.student}:{at}: shows students line {source} of tiny_torch.py: '{secret}"
    assert any(found.startswith(words) for found in check(course))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("solutions/01_tiny/torch.py", "import it in place of torch; rename it"),
        ("notebooks/01_tiny/random.py", "import it in place of random; rename it"),
        ("notebooks/01_tiny/old_torch.ipynb", "is built from no lesson of 01_tiny; delete it"),
        ("notebooks/01_tiny/tiny_torch.py", "is no part of the course"),
        ("solutions/01_tiny/notes.txt", "is no part of the course"),
        ("solutions/notes.txt", "is no part of the course"),
        ("notebooks/02_old/x.ipynb", "is no unit of course.toml; add the unit"),
    ],
)
def test_when_a_file_belongs_to_no_lesson_then_check_names_it(
    course: Course, path: str, message: str
) -> None:
    (course.root / path).parent.mkdir(exist_ok=True)
    (course.root / path).touch()
    (found,) = check(course)
    assert message in found
    assert found.startswith(str(course.root / path.removesuffix("/x.ipynb")))


def test_when_editors_left_files_then_check_is_silent(course: Course) -> None:
    for name in ("README.md", "01_tiny/.ipynb_checkpoints", "01_tiny/__pycache__"):
        (course.root / "notebooks" / name).touch()
    assert check(course) == []


def test_when_the_command_has_nothing_to_do_then_it_says_so(
    command: Callable[..., Result],
) -> None:
    result = command()
    assert result.exit_code == 0
    assert re.fullmatch(r"01_tiny/tiny_torch … up to date \(\d\.\d s\)\n", result.stdout)
    assert command("--check", "01_tiny").stdout == "01_tiny: all is well\n"


def test_when_one_lesson_fails_then_the_next_is_built_and_the_status_is_1(
    command: Callable[..., Result], course: Course, lesson: Lesson
) -> None:
    edit(course.root / "solutions/course.toml", '["torch"]', '["tensorflow", "torch"]')
    result = command()
    assert result.exit_code == 1
    assert "tiny_tensorflow … failed\n" in result.stdout
    assert "tiny_torch … up to date" in result.stdout
    assert result.stderr.startswith("solutions/01_tiny/tiny_tensorflow.py:1: the file is missing")


def test_when_check_finds_something_then_each_line_can_be_clicked_and_the_status_is_1(
    command: Callable[..., Result], lesson: Lesson
) -> None:
    edit(lesson.source, " points=2", "")
    before = lesson.student.read_bytes()
    result = command("--check")
    line = line_of(lesson.source.read_text(), '# %% exercise="double" role="tests"')
    assert result.exit_code == 1
    assert f"solutions/01_tiny/tiny_torch.py:{line}: a tests cell without points" in result.stdout
    assert lesson.student.read_bytes() == before


def test_when_a_unit_is_unknown_then_the_command_says_so(command: Callable[..., Result]) -> None:
    assert isinstance(command("99_none").exception, GraderError)
