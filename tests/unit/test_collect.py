"""What an LMS hands over goes to the right student, or is named with the reason why not."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeSubmit
from traitlets.config import Config

from grader import archives, cli
from grader.collect import Plan, carry_out, known_students, make_plan
from grader.course import Course
from grader.desk import Desk
from grader.errors import GraderError
from grader.roster import Roster, Student, read_roster

UNIT = "90_tiny"
ADA = Student("ada", "Ada", "Lovelace", "ada@example.org", "11")
JOERG = Student("jm", "Jörg", "Müller-Lüdenscheidt", "jm@example.org", "12")
CLASS = (ADA, JOERG)


@pytest.fixture
def course(make_registered: Callable[[Path], Course], tmp_path: Path) -> Course:
    return make_registered(tmp_path / "course")


@pytest.fixture
def work(course: Course) -> bytes:
    """The PyTorch notebook of the unit, as it was released."""
    return next(course.lessons()).student.read_bytes()


def other_work(course: Course) -> bytes:
    """The TensorFlow notebook."""
    return list(course.lessons())[1].student.read_bytes()


def edited(work: bytes, text: str) -> bytes:
    notebook = nbformat.reads(work.decode(), as_version=4)
    notebook.cells[-1].source += f"\n# {text}"
    return nbformat.writes(notebook).encode()


def archive(path: Path, entries: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path


def folder(path: Path, entries: Mapping[str, bytes]) -> Path:
    for name, data in entries.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def gathered(
    course: Course, *paths: Path, students: tuple[Student, ...] = CLASS, new: bool = False
) -> Plan:
    """Collect; return the plan that was carried out."""
    desk = Desk(course)
    with ExitStack() as opened:
        plan = make_plan(desk, course.units[0], paths, Roster(students), opened, new)
        carry_out(plan, students)
    return plan


def on_the_desk(course: Course) -> dict[str, bytes]:
    """Map "ada/tiny_torch" to what was collected."""
    return {
        f"{path.parts[-3]}/{path.stem}": path.read_bytes()
        for path in course.root.glob("submitted/*/*/*.ipynb")
    }


def reasons(left: list[archives.Left]) -> dict[str, str]:
    return {each.place: each.why for each in left}


# --- whose it is -------------------------------------------------------------------------------


def test_canvas_numbers_say_whose_a_file_is(course: Course, work: bytes, tmp_path: Path) -> None:
    names = {
        "lovelaceada_11_901_tiny_torch.ipynb": work,
        "someothername_LATE_12_902_tiny_torch.ipynb": edited(work, "late"),
    }
    plan = gathered(course, archive(tmp_path / "canvas.zip", names))
    assert on_the_desk(course) == {"ada/tiny_torch": work, "jm/tiny_torch": edited(work, "late")}
    assert [found.notes for found in plan.chosen] == [(), ("late, says Canvas",)]


def test_of_a_canvas_resubmission_the_later_upload_counts(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    names = {
        "lovelaceada_11_903_tiny_torch-2.ipynb": edited(work, "third"),
        "lovelaceada_11_901_tiny_torch.ipynb": edited(work, "first"),
        "lovelaceada_11_902_tiny_torch-1.ipynb": edited(work, "second"),
        "lovelaceada_11_904_tiny_tensorflow-2.ipynb": other_work(course),
    }
    plan = gathered(course, archive(tmp_path / "canvas.zip", names))
    assert on_the_desk(course) == {
        "ada/tiny_torch": edited(work, "third"),
        "ada/tiny_tensorflow": other_work(course),
    }
    told = [(old.file.name.split("_")[2], kept.file.name) for old, kept in plan.earlier]
    assert told == [("901", next(iter(names))), ("902", next(iter(names)))]


@pytest.mark.parametrize(
    "path",
    [
        "Ada Lovelace_123456_assignsubmission_file_/tiny_torch.ipynb",
        "Ada Lovelace_123456_assignsubmission_file/tiny_torch.ipynb",
        "Ada Lovelace_123456_assignsubmission_file_/work/tiny_torch (1).ipynb",
        "Ada Lovelace_123456_assignsubmission_file_tiny_torch.ipynb",
        "Lovelace Ada_123456_assignsubmission_file_/Tiny_Torch.ipynb",
        "ada/tiny_torch.ipynb",
        "ada/90_tiny/tiny_torch.ipynb",
        "class/ADA/tiny_torch-Copy1.ipynb",
        "ada@example.org/tiny_torch.ipynb",
        "Lovelace, Ada/my tiny_torch final.ipynb",
        "lovelaceada_99_901_tiny_torch.ipynb",
        "ada\\tiny_torch.ipynb",
    ],
)
def test_every_layout_leads_to_the_same_place(
    course: Course, work: bytes, tmp_path: Path, path: str
) -> None:
    students = Student("ada", "Ada", "Lovelace", "ada@example.org"), JOERG
    gathered(course, archive(tmp_path / "class.zip", {path: work}), students=students)
    assert on_the_desk(course) == {"ada/tiny_torch": work}


def test_a_folder_of_such_files_is_as_good_as_an_archive(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    names = {"lovelaceada_11_901_tiny_torch.ipynb": work, "jm/tiny_torch.ipynb": work}
    gathered(course, folder(tmp_path / "unpacked", names))
    assert set(on_the_desk(course)) == {"ada/tiny_torch", "jm/tiny_torch"}


@pytest.mark.parametrize(
    "name",
    [
        "Jörg Müller-Lüdenscheidt",
        unicodedata.normalize("NFD", "Jörg Müller-Lüdenscheidt"),
        "Jorg Muller-Ludenscheidt",
        "MÜLLER-LÜDENSCHEIDT Jörg",
    ],
)
@pytest.mark.parametrize("flag", [True, False], ids=["says UTF-8", "says nothing"])
def test_names_outside_ascii_are_found(
    course: Course, work: bytes, tmp_path: Path, name: str, flag: bool
) -> None:
    entry = f"{name}_7_assignsubmission_file_/tiny_torch.ipynb"
    path = archive(tmp_path / "moodle.zip", {entry: work})
    if not flag:
        data = bytearray(path.read_bytes())
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = data.index(mark) + offset
            data[at : at + 2] = struct.pack("<H", 0)
        path.write_bytes(data)
    gathered(course, path)
    assert set(on_the_desk(course)) == {"jm/tiny_torch"}


def test_a_name_in_another_code_page_is_read_from_the_extra_field(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    true_name = "Jörg Müller-Lüdenscheidt_7_assignsubmission_file_/tiny_torch.ipynb".encode()
    entry = zipfile.ZipInfo("J?rg_7_assignsubmission_file_/tiny_torch.ipynb")
    entry.extra = struct.pack("<HHBI", 0x7075, 5 + len(true_name), 1, 0) + true_name
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as made:
        made.writestr(entry, work)
    gathered(course, tmp_path / "moodle.zip")
    assert set(on_the_desk(course)) == {"jm/tiny_torch"}


@pytest.mark.parametrize(
    ("path", "students", "why"),
    [
        ("Ada Lovelock_7_assignsubmission_file_/tiny_torch.ipynb", CLASS, r"is it ada \(Ada Love"),
        ("Zoe Nobody_7_assignsubmission_file_/tiny_torch.ipynb", CLASS, "nobody here is called"),
        ("tiny_torch.ipynb", CLASS, "its path names no student"),
        ("ada/tiny_torch.ipynb", (), "--roster FILE"),
        ("lovelaceada_99_1_tiny_torch.ipynb", CLASS, "theirs is 11"),
        (
            "Ada Lovelace_7_assignsubmission_file_/tiny_torch.ipynb",
            (ADA, Student("ada2", "Ada", "Lovelace")),
            "ada and ada2 are all called",
        ),
    ],
)
def test_who_cannot_be_told_is_named_with_the_way_out(
    course: Course, work: bytes, tmp_path: Path, path: str, students: object, why: str
) -> None:
    made = archive(tmp_path / "class.zip", {path: work})
    plan = gathered(course, made, students=students)  # type: ignore[arg-type]
    assert not on_the_desk(course)
    (stranger,) = plan.strangers
    assert stranger.place == path
    assert re.search(why, stranger.why), stranger.why


def test_the_number_of_a_grading_worksheet_tells_namesakes_apart(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    students = (
        Student("a1", "Ada", "Lovelace", participant="7"),
        Student("a2", "Ada", "Lovelace", participant="8"),
    )
    path = "Ada Lovelace_8_assignsubmission_file_/tiny_torch.ipynb"
    gathered(course, archive(tmp_path / "m.zip", {path: work}), students=students)
    assert set(on_the_desk(course)) == {"a2/tiny_torch"}


def test_new_students_are_taken_when_asked_for(course: Course, work: bytes, tmp_path: Path) -> None:
    names = {
        "grace/tiny_torch.ipynb": work,
        "Émile Borel_7_assignsubmission_file_/tiny_torch.ipynb": work,
        "hopperjane_55_9_tiny_torch.ipynb": work,
        "../../evil/tiny_torch.ipynb": work,
    }
    plan = gathered(course, archive(tmp_path / "c.zip", names), new=True)
    assert set(on_the_desk(course)) == {
        "grace/tiny_torch",
        "émile-borel/tiny_torch",
        "hopperjane/tiny_torch",
    }
    assert [found.student.lms_id for found in plan.chosen] == ["", "", "55"]


def test_a_namesake_is_not_taken_for_a_new_student(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    path = "Ada Lovelace_7_assignsubmission_file_/tiny_torch.ipynb"
    twins = ADA, Student("ada2", "Ada", "Lovelace")
    plan = gathered(course, archive(tmp_path / "c.zip", {path: work}), students=twins, new=True)
    assert not on_the_desk(course)
    assert len(plan.strangers) == 1


# --- which notebook it is ----------------------------------------------------------------------


def test_a_renamed_notebook_is_known_by_its_cells(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    names = {
        "ada/Untitled.ipynb": other_work(course),
        "jm/homework.ipynb": edited(work, "mine"),
    }
    gathered(course, folder(tmp_path / "class", names))
    assert on_the_desk(course) == {
        "ada/tiny_tensorflow": other_work(course),
        "jm/tiny_torch": edited(work, "mine"),
    }


def test_a_notebook_under_the_other_ones_name_is_pointed_out(
    course: Course, tmp_path: Path
) -> None:
    names = {"ada/tiny_torch.ipynb": other_work(course)}
    (found,) = gathered(course, folder(tmp_path / "class", names)).chosen
    assert "its cells are those of tiny_tensorflow" in found.notes[0]


def test_a_damaged_notebook_is_collected_by_its_name(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    half = work[: len(work) // 2]
    gathered(course, folder(tmp_path / "class", {"ada/tiny_torch.ipynb": half}))
    assert on_the_desk(course) == {"ada/tiny_torch": half}


def test_what_is_no_notebook_of_the_unit_is_listed(course: Course, tmp_path: Path) -> None:
    names = {
        "ada/notes.txt": b"hello",
        "ada/other.ipynb": json.dumps(nbformat.v4.new_notebook()).encode(),
        "ada/broken.ipynb": b"{",
        "ada/more.zip": b"PK",
        "ada/.DS_Store": b"",
    }
    plan = gathered(course, folder(tmp_path / "class", names))
    found = reasons(plan.left)
    assert set(found) == set(names) - {"ada/.DS_Store"}
    assert "not a notebook" in found["ada/notes.txt"]
    assert "rename it to tiny_torch or tiny_tensorflow" in found["ada/other.ipynb"]
    assert not on_the_desk(course)


# --- archives that mean harm -------------------------------------------------------------------


def everything_in(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def linked(target: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("ada/tiny_torch.ipynb")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    entry.create_system = 3
    return entry


@pytest.mark.parametrize(
    "name",
    [
        "../ada/tiny_torch.ipynb",
        "ada/../../tiny_torch.ipynb",
        "/ada/tiny_torch.ipynb",
        "C:\\ada\\tiny_torch.ipynb",
        "..\\ada\\tiny_torch.ipynb",
        "\\\\server\\ada\\tiny_torch.ipynb",
    ],
)
def test_a_path_that_leads_out_is_left_in_the_archive(
    course: Course, work: bytes, tmp_path: Path, name: str
) -> None:
    made = archive(tmp_path / "class.zip", {name: work})
    before = everything_in(tmp_path)
    plan = gathered(course, made, students=(), new=True)
    assert "leads out of the archive" in plan.left[0].why
    after = everything_in(tmp_path)
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) <= {"course/.grader/lock"}


def test_links_are_not_followed(course: Course, work: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as made:
        made.writestr(linked("/etc/passwd"), "/etc/passwd")
    secret = folder(tmp_path / "secret", {"tiny_torch.ipynb": work})
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada").symlink_to(secret)
    (tmp_path / "class" / "tiny_torch.ipynb").symlink_to(secret / "tiny_torch.ipynb")
    plan = gathered(course, tmp_path / "class.zip", tmp_path / "class")
    assert not on_the_desk(course)
    assert len(plan.left) == 3
    assert all("link" in each.why for each in plan.left)


def test_a_bomb_is_read_no_further_than_the_limit(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    bomb = b"0" * ((archives.NOTEBOOK_MB << 20) + 1)
    names = {"ada/tiny_torch.ipynb": bomb, "jm/tiny_torch.ipynb": work}
    plan = gathered(course, archive(tmp_path / "class.zip", names))
    assert set(on_the_desk(course)) == {"jm/tiny_torch"}
    assert "larger than 20 MB" in reasons(plan.left)["ada/tiny_torch.ipynb"]


def test_an_archive_that_unpacks_to_too_much_says_what_was_left(
    course: Course, work: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "READ_MB", 0)
    made = archive(tmp_path / "class.zip", {"ada/tiny_torch.ipynb": work})
    assert "take it apart" in gathered(course, made).left[0].why
    monkeypatch.setattr(archives, "ENTRIES", 0)
    with pytest.raises(GraderError, match="has 1 entries"):
        gathered(course, made)


def test_a_damaged_entry_costs_nobody_else_their_submission(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as made:  # stored, so that the text can be found
        made.writestr("ada/tiny_torch.ipynb", edited(work, "MARK"))
        made.writestr("jm/tiny_torch.ipynb", work)
    path.write_bytes(path.read_bytes().replace(b"MARK", b"KRAM"))
    plan = gathered(course, path)
    assert set(on_the_desk(course)) == {"jm/tiny_torch"}
    assert "damaged" in reasons(plan.left)["ada/tiny_torch.ipynb"]


def test_a_password_is_named(course: Course, work: bytes, tmp_path: Path) -> None:
    path = archive(tmp_path / "class.zip", {"ada/tiny_torch.ipynb": work})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    assert "password" in gathered(course, path).left[0].why


def test_the_same_name_twice_is_two_submissions_of_which_one_counts(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as made:
        made.writestr(zipfile.ZipInfo("ada/tiny_torch.ipynb"), work)
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr(zipfile.ZipInfo("ada/tiny_torch.ipynb"), edited(work, "again"))
    plan = gathered(course, tmp_path / "c.zip")
    assert on_the_desk(course) == {"ada/tiny_torch": edited(work, "again")}
    assert len(plan.earlier) == 1


def test_names_that_differ_in_case_only_are_one_student(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    names = {"eve/tiny_torch.ipynb": work, "EVE/tiny_torch.ipynb": edited(work, "b")}
    plan = gathered(course, archive(tmp_path / "c.zip", names), students=(), new=True)
    assert len(on_the_desk(course)) == len(plan.chosen) == len(plan.earlier) == 1


def test_characters_that_steer_a_terminal_are_not_printed(
    course: Course, work: bytes, tmp_path: Path
) -> None:
    made = archive(tmp_path / "c.zip", {"\x1b[2Jeve\n/tiny_torch.ipynb": work})
    (stranger,) = gathered(course, made).strangers
    assert all(text.isprintable() for text in (stranger.place, stranger.why))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and then nothing", os.urandom(200)])
def test_what_is_no_archive_is_one_sentence(course: Course, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "c.zip").write_bytes(data)
    with pytest.raises(GraderError, match=r"c\.zip"):
        gathered(course, tmp_path / "c.zip")


# --- what is there already ---------------------------------------------------------------------


def test_a_replaced_submission_is_kept(course: Course, work: bytes, tmp_path: Path) -> None:
    for number in range(3):
        names = {"ada/tiny_torch.ipynb": edited(work, str(number))}
        plan = gathered(course, folder(tmp_path / f"class{number}", names))
    assert plan.states == ["changed"]
    assert on_the_desk(course) == {"ada/tiny_torch": edited(work, "2")}
    kept = course.root / ".grader" / "replaced" / "submitted" / "ada" / UNIT
    assert {p.name: p.read_bytes() for p in kept.iterdir()} == {
        "tiny_torch-1.ipynb": edited(work, "0"),
        "tiny_torch-2.ipynb": edited(work, "1"),
    }


def test_collecting_again_changes_nothing(course: Course, work: bytes, tmp_path: Path) -> None:
    made = archive(tmp_path / "c.zip", {"ada/tiny_torch.ipynb": work})
    assert gathered(course, made).states == ["new"]
    before = everything_in(course.root)
    assert gathered(course, made).states == ["there already"]
    assert everything_in(course.root) == before


def test_a_time_that_nbgrader_kept_comes_along(course: Course, work: bytes, tmp_path: Path) -> None:
    time = b"2026-03-01 12:00:00 UTC"
    names = {"ada/90_tiny/tiny_torch.ipynb": work, "ada/90_tiny/timestamp.txt": time}
    gathered(course, folder(tmp_path / "submitted", names))
    assert str(Desk(course).timestamp("ada", course.units[0])) == "2026-03-01 12:00:00"
    gathered(course, folder(tmp_path / "later", {"ada/tiny_torch.ipynb": edited(work, "later")}))
    assert Desk(course).timestamp("ada", course.units[0]) is None


def test_students_go_into_the_gradebook(course: Course, work: bytes, tmp_path: Path) -> None:
    gathered(course, folder(tmp_path / "class", {"ada/tiny_torch.ipynb": work}))
    assert set(known_students(Desk(course))) == set(CLASS)


def test_nbgraders_exchange_leads_to_the_same_place(
    course: Course, work: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    monkeypatch.chdir(course.root)
    config = Desk(course).config.copy()
    config.merge(Config({"Exchange": {"root": str(exchange), "cache": str(tmp_path / "cache")}}))
    api = NbGraderAPI(config=config)
    assert api.release_assignment(UNIT)["success"]
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setattr("nbgrader.exchange.default.submit.get_username", lambda: "ada")
    config.CourseDirectory.assignment_id = UNIT
    its = {"coursedir": CourseDirectory(config=config), "authenticator": Authenticator()}
    for step in (ExchangeFetchAssignment, ExchangeSubmit):
        step(config=config, **its).start()
    monkeypatch.chdir(course.root)
    assert api.collect(UNIT)["success"]
    assert on_the_desk(course)["ada/tiny_torch"] == work
    assert Desk(course).students(course.units[0]) == ["ada"]


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def command(
    course: Course, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Return what runs `grader collect 90_tiny WORDS` in the course."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.chdir(course.root)
        monkeypatch.setattr("sys.argv", ["grader", "collect", UNIT, *words])
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capfd.readouterr()
        return status, printed.out + printed.err

    return run


def test_a_dry_run_changes_nothing_and_says_everything(
    course: Course, work: bytes, tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    (course.root / "gradebook.db").unlink()
    names = {"eve/tiny_torch.ipynb": work, "eve/notes.txt": b""}
    made = archive(tmp_path / "c.zip", names)
    before = everything_in(tmp_path)
    status, printed = command(str(made), "--new", "--dry-run")
    assert status == 0
    assert everything_in(tmp_path) == before
    assert "eve/tiny_torch.ipynb → eve/90_tiny/tiny_torch.ipynb: new" in printed
    assert "eve/notes.txt: not a notebook" in printed
    assert "nothing was changed" in printed


def test_a_class_from_canvas_with_its_roster(
    course: Course, work: bytes, tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    roster = tmp_path / "gradebook.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
        '"Lovelace, Ada",11,al,ada@example.org,1\n"Müller, Jörg",12,jm,jm@example.org,1\n'
        '"Student, Test",99,,0123abcd,1\n'
    )
    names = {"lovelaceada_11_1_tiny_torch.ipynb": work, "who_77_2_tiny_torch.ipynb": work}
    status, printed = command(str(archive(tmp_path / "c.zip", names)), "--roster", str(roster))
    assert status == 1
    assert "1 notebook of 1 student for" in printed
    assert "NOT collected, for want of a student (1)" in printed
    assert "who_77_2_tiny_torch.ipynb: nobody here is called who" in printed
    assert "1 handed in nothing: jm" in printed
    assert set(on_the_desk(course)) == {"al/tiny_torch"}
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        ada = gradebook.find_student("al")
        assert (ada.first_name, ada.last_name, ada.lms_user_id) == ("Ada", "Lovelace", "11")


def test_where_there_is_no_notebook_it_says_what_it_looked_for(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    (tmp_path / "empty").mkdir()
    status, printed = command(str(tmp_path / "empty"))
    assert status == 1
    assert "looked for tiny_torch.ipynb or tiny_tensorflow.ipynb" in printed
    status, printed = command(str(tmp_path / "nowhere.zip"))
    assert status == 1
    assert "there is no" in printed


# --- rosters -----------------------------------------------------------------------------------

ROSTERS = {
    "Canvas's gradebook": (
        "Student,ID,SIS User ID,SIS Login ID,Root Account,Section\n"
        "    Points Possible,,,,,\n"
        '"Lovelace, Ada",11,al,ada@example.org,x,1\n',
        Student("al", "Ada", "Lovelace", "ada@example.org", "11"),
    ),
    "Moodle's grader report": (
        "First name,Last name,ID number,Institution,Email address\n"
        "Ada,Lovelace,s17,,ada@example.org\n",
        Student("s17", "Ada", "Lovelace", "ada@example.org", "s17"),
    ),
    "Moodle's participants": (
        '"First name",Surname,"Email address",Groups\nAda,Lovelace,ada@example.org,\n',
        Student("ada", "Ada", "Lovelace", "ada@example.org"),
    ),
    "Moodle's grading worksheet": (
        "Identifier,Full name,Email address,Status\nParticipant 7,Ada Lovelace,ada@example.org,\n",
        Student("ada", "Ada", "Lovelace", "ada@example.org", participant="7"),
    ),
    "nbgrader's own": (
        "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@example.org,11\n",
        ADA,
    ),
    "semicolons": ("id;name\nada;Ada Lovelace\n", Student("ada", "Ada", "Lovelace")),
    "names alone": ("name\nÉmile Borel\n", Student("émile-borel", "Émile", "Borel")),
}


@pytest.mark.parametrize("name", ROSTERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rosters_of_many_makers_are_read(tmp_path: Path, name: str, encoding: str) -> None:
    text, wanted = ROSTERS[name]
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding=encoding)
    assert read_roster(path) == [wanted]


def test_a_roster_joins_students_that_the_gradebook_has(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("First name,Last name,Email address\nAda,King,ADA@example.org\nEve,Ex,e@x.y\n")
    assert read_roster(path, [ADA, JOERG]) == [
        Student("ada", "Ada", "King", "ADA@example.org", "11"),
        JOERG,
        Student("e", "Eve", "Ex", "e@x.y"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("colour,size\nred,3\n", "none that names a student"),
        ("", "none that names a student"),
        ("id,name\n", "has no students"),
        ("id\nada\nada\n", "lines 2 and 3 are both ada"),
        ("id\n../ada\n", r"line 2: '\.\./ada' cannot name a folder"),
        ("id\n.hidden\n", "cannot name a folder"),
        ("name\n  \n=\n", "cannot name a folder"),
    ],
)
def test_a_bad_roster_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(GraderError, match=why):
        read_roster(path)
    path.write_bytes(io.BytesIO(b"id,name\n1,J\xf6rg\n").read())
    with pytest.raises(GraderError, match="not UTF-8"):
        read_roster(path)
