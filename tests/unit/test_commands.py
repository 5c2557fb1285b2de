"""What the `grader` command says to bad input: a clear sentence, a status, nothing half-written."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from grader import cli
from grader.course import Course
from grader.desk import Desk

UNIT = "90_attacked"
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Return what runs `grader WORDS` in a folder and gives its exit status and all it printed."""

    def run(folder: Path, *words: str) -> tuple[int, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.argv", ["grader", *words])
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capfd.readouterr()
        return status, printed.out + printed.err

    return run


@pytest.fixture
def course(make_course: Callable[[Path], Course], tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def unit_of(course: Course) -> str:
    return course.units[0].name


def hand_in(course: Course, student: str) -> Path:
    """Hand in an untouched notebook; return its path."""
    lesson = next(course.lessons())
    folder = course.root / "submitted" / student / lesson.unit.name
    folder.mkdir(parents=True)
    return Path(shutil.copy(lesson.student, folder))


def one_sentence(printed: str) -> str:
    """Insist that an error is one line without a traceback, and return it."""
    assert "Traceback" not in printed
    errors = [line for line in printed.splitlines() if line.startswith(("error:", "Error:"))]
    assert len(errors) == 1, printed
    return errors[0]


def test_help_teaches_each_command(command: Command, tmp_path: Path) -> None:
    status, printed = command(tmp_path, "--help")
    assert status == 0
    for name in (
        "build",
        "new-unit",
        "new-exercise",
        "collect",
        "autograde",
        "report",
        "feedback",
        "demo",
        "check",
        "watch",
        "progress",
        "doctor",
    ):
        assert name in printed
        status, help_text = command(tmp_path, name, "--help")
        assert status == 0
        assert "Usage: grader" in help_text


def test_a_misspelt_command_is_met_with_the_nearest_one(command: Command, tmp_path: Path) -> None:
    status, printed = command(tmp_path, "autograd")
    assert status == 2
    assert "Did you mean autograde?" in printed


@pytest.mark.parametrize(
    "words",
    [
        ("build",),
        ("new-unit", UNIT),
        ("new-exercise", UNIT, "sum"),
        ("autograde", UNIT),
        ("report", UNIT),
        ("feedback", UNIT),
        ("demo",),
    ],
)
def test_outside_a_course_every_command_says_what_it_looked_for(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    status, printed = command(tmp_path, *words)
    assert status == 1
    assert "solutions/course.toml" in one_sentence(printed)
    assert not any(tmp_path.iterdir()), "nothing was written"


@pytest.mark.parametrize("name", ["build", "autograde", "report", "feedback"])
def test_an_unknown_unit_is_named_with_what_there_is(
    command: Command, course: Course, name: str
) -> None:
    status, printed = command(course.root, name, "99_nothing")
    assert status == 1
    assert unit_of(course) in one_sentence(printed)


def test_a_damaged_registry_is_named(command: Command, course: Course) -> None:
    path = course.root / "solutions" / "course.toml"
    path.write_text("units = [", encoding="utf-8")
    status, printed = command(course.root, "build")
    assert status == 1
    assert "course.toml is not valid TOML" in one_sentence(printed)


def test_autograde_without_submissions_says_where_to_put_them(
    command: Command, course: Course
) -> None:
    status, printed = command(course.root, "autograde", unit_of(course))
    assert status == 1
    assert f"submitted/STUDENT/{unit_of(course)}/" in one_sentence(printed)
    assert not (course.root / "autograded").exists()


def test_autograde_without_an_instructor_notebook_says_how_to_build_it(
    command: Command, course: Course
) -> None:
    hand_in(course, "ada")
    for lesson in course.lessons():
        lesson.instructor.unlink()
    status, printed = command(course.root, "autograde", unit_of(course))
    assert status == 1
    assert "grader build" in one_sentence(printed)


def test_a_student_filter_that_matches_nobody_says_who_there_is(
    command: Command, course: Course
) -> None:
    hand_in(course, "ada")
    status, printed = command(course.root, "autograde", unit_of(course), "--student", "b*")
    assert status == 1
    assert "submitted: ada" in one_sentence(printed)


def test_feedback_before_grading_says_what_comes_first(command: Command, course: Course) -> None:
    status, printed = command(course.root, "feedback", unit_of(course))
    assert status == 1
    assert f"first: grader autograde {unit_of(course)}" in one_sentence(printed)


def test_a_damaged_gradebook_is_one_sentence_and_is_left_alone(
    command: Command, course: Course
) -> None:
    hand_in(course, "ada")
    gradebook = course.root / "gradebook.db"
    gradebook.write_text("this is no database", encoding="utf-8")
    status, printed = command(course.root, "autograde", unit_of(course))
    assert status == 1
    assert "gradebook" in one_sentence(printed)
    assert gradebook.read_text(encoding="utf-8") == "this is no database"


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "No space left"), (errno.EACCES, "no permission")]
)
def test_when_the_report_cannot_be_written_the_grades_are_kept(
    command: Command,
    course: Course,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    words: str,
) -> None:
    submitted = hand_in(course, "ada")
    original = Path.mkdir

    def mkdir(self: Path, *args: object, **options: object) -> None:
        if self.name == "report":
            kind = PermissionError if number == errno.EACCES else OSError
            raise kind(number, "No space left on device", str(self))
        original(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    status, printed = command(course.root, "autograde", unit_of(course))
    assert status == 1
    assert words in one_sentence(printed)
    lesson = next(course.lessons())
    report = Desk(course).read_report("ada", lesson)
    assert report is not None
    assert submitted.exists()


def test_demo_does_not_replace_a_folder_that_is_no_demo(command: Command, course: Course) -> None:
    mine = course.root / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("precious", encoding="utf-8")
    words = ("demo", "--unit", unit_of(course), "--folder", str(mine))
    status, printed = command(course.root, *words)
    assert status == 1
    assert "is no demo course" in one_sentence(printed)
    assert (mine / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_a_graded_class_is_skipped_until_something_changes(
    command: Command, course: Course
) -> None:
    path = hand_in(course, "ada")
    hand_in(course, "bob")
    assert "2 graded, 0 up to date" in command(course.root, "autograde", unit_of(course))[1]
    assert "0 graded, 2 up to date" in command(course.root, "autograde", unit_of(course))[1]
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].source += "\n# changed"
    nbformat.write(notebook, path)
    assert "1 graded, 1 up to date" in command(course.root, "autograde", unit_of(course))[1]
    status, printed = command(course.root, "feedback", unit_of(course))
    assert status == 0
    assert "feedback for 2 written" in printed
