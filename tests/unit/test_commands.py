"""What the `grader` command says to bad input: a clear sentence, a status, nothing half-written."""

from __future__ import annotations

import errno
import re
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


def test_help_lists_every_command(command: Command, tmp_path: Path) -> None:
    status, printed = command(tmp_path, "--help")
    assert status == 0
    assert [name for name in cli._COMMANDS if name not in printed] == []


@pytest.mark.parametrize("name", cli._COMMANDS)
def test_help_of_each_command_has_an_example_of_it(
    command: Command, tmp_path: Path, name: str
) -> None:
    status, printed = command(tmp_path, name, "--help")
    assert status == 0
    assert printed.startswith(f"Usage: grader {name}")
    assert re.search(rf"^  Examples?: grader {name}\b", printed, re.MULTILINE), printed


@pytest.mark.parametrize("name", cli._COMMANDS)
def test_an_option_that_there_is_not_is_an_error_and_says_where_help_is(
    command: Command, tmp_path: Path, name: str
) -> None:
    status, printed = command(tmp_path, name, "--colour")
    assert status == 2
    assert "No such option" in one_sentence(printed)
    assert f"grader {name} --help" in printed


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
        ("collect", UNIT, "."),
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


@pytest.mark.parametrize(
    "words",
    [
        ("build", "99_nothing"),
        ("collect", "99_nothing", "."),
        ("autograde", "99_nothing"),
        ("report", "99_nothing"),
        ("feedback", "99_nothing"),
        ("demo", "--unit", "99_nothing"),
    ],
)
def test_an_unknown_unit_is_named_with_what_there_is(
    command: Command, course: Course, words: tuple[str, ...]
) -> None:
    status, printed = command(course.root, *words)
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


def test_feedback_says_when_the_gradebook_has_lost_a_submission(
    command: Command, make_registered: Callable[[Path], Course], tmp_path: Path
) -> None:
    course = make_registered(tmp_path / "course")
    (course.root / "autograded" / "ada" / unit_of(course)).mkdir(parents=True)
    status, printed = command(course.root, "feedback", unit_of(course))
    assert status == 1
    assert "does not know the submissions of ada" in one_sentence(printed)


@pytest.mark.parametrize("words", [("check",), ("watch",), ("progress",), ("check", "no.ipynb")])
def test_where_there_is_no_lesson_a_students_command_says_so(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    status, printed = command(tmp_path, *words)
    assert status == 1
    assert "there is no" in one_sentence(printed)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        (("build",), "grader.build.build_lesson"),
        (("collect", "UNIT", "class"), "grader.collect._write"),
        (("check", "tiny_torch.ipynb"), "grader.selfcheck.Kernel.run"),
    ],
)
def test_ctrl_c_in_the_middle_leaves_nothing_half_written(
    command: Command,
    make_registered: Callable[[Path], Course],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    at: str,
) -> None:
    course = make_registered(tmp_path / "course")
    handed_in = hand_in(course, "ada")
    folder = course.root / "class" / "bob"
    folder.mkdir(parents=True)
    shutil.copy(handed_in, folder)
    shutil.copy(handed_in, course.root)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    if words[0] == "collect":  # bob is known
        with Desk(course).gradebook() as gradebook:
            gradebook.add_student("bob")
    monkeypatch.setattr(at, interrupted)
    said = [unit_of(course) if word == "UNIT" else word for word in words]
    status, printed = command(course.root, *said)
    assert (status, "Traceback" in printed) == (130, False)
    assert "interrupted" in printed
    left = [*course.root.glob("**/*.new"), *course.root.glob("**/*.tmp")]
    left += course.root.glob("submitted/bob/*/*")
    assert left == []


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
