"""Who is in the class, and whose a submission is by the name that an LMS gave to it."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from .errors import GraderError

_FIELDS = {
    "first_name": ("first name", "firstname", "given name"),
    "last_name": ("last name", "lastname", "surname", "family name"),
    "full_name": ("full name", "fullname", "name", "student", "student name"),
    "email": ("email", "e mail", "email address", "e mail address", "mail"),
    "lms_id": ("lms user id", "lms id", "canvas id", "id number"),
    "participant": ("identifier",),
}
_IDS = ("id", "student id", "sis user id", "sis login id", "username", "login", "id number")
"""Headings of what may serve as a student's id here, the best first."""
_ARTEFACTS = ("points possible", "student, test")
"""Rows of Canvas's export that are nobody: what columns are worth, and its test student."""
_SAFE_ID = re.compile(r"[^\W_][\w.@+-]{0,99}")


@dataclass(frozen=True)
class Student:
    """A student as the gradebook knows them; `participant` is Moodle's number of a download."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""
    participant: str = ""

    @property
    def names(self) -> set[str]:
        """Return the full name as LMSs write it, folded: in both orders."""
        orders = (self.first_name + self.last_name, self.last_name + self.first_name)
        return {fold(each) for each in orders} - {""}

    def __str__(self) -> str:
        name = f"{self.first_name} {self.last_name}".strip()
        return f"{self.id} ({name})" if name else self.id


@dataclass(frozen=True)
class Owner:
    """Whose a file is by its path: a name, and the numbers that its LMS put there."""

    name: str
    lms_id: str = ""
    participant: str = ""


def fold(text: str) -> str:
    """Reduce a name to what LMSs leave of it: letters and digits, without case and accents."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in apart if letter.isalnum())


class Roster:
    """The students that a submission can be of."""

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = {student.id: student for student in students}
        self._by: dict[tuple[str, str], dict[str, Student]] = {}
        for student in self.students.values():
            keys = {("id", student.id.casefold()), ("email", student.email.casefold())}
            keys |= {("lms_id", student.lms_id), ("participant", student.participant)}
            keys |= {("name", name) for name in student.names}
            for key in keys:
                if key[1]:
                    self._by.setdefault(key, {})[student.id] = student

    def named(self, text: str) -> Student | None:
        """Return the one student with this id, e-mail address or full name; None for no or many."""
        keys = ("id", text.casefold()), ("email", text.casefold()), ("name", fold(text))
        found = next((self._by[key] for key in keys if key in self._by), {})
        return next(iter(found.values())) if len(found) == 1 else None

    def has(self, owner: Owner) -> bool:
        """Tell whether somebody is here with this number, id, e-mail address or name."""
        name = owner.name.casefold()
        keys = [("id", name), ("email", name), ("name", fold(owner.name))]
        keys += [("lms_id", owner.lms_id), ("participant", owner.participant)]
        return any(key in self._by for key in keys)

    def find(self, owner: Owner) -> Student:
        """Return whose a submission is; raises GraderError with the reason and the way out."""
        if not self.students:
            raise GraderError(
                "no student is known: name the class with --roster FILE (an export of Canvas's or "
                "Moodle's gradebook will do), or take everybody under the name here with --new"
            )
        for key in (("lms_id", owner.lms_id), ("participant", owner.participant)):
            if len(found := self._by.get(key, {})) == 1:
                return next(iter(found.values()))
        if (student := self.named(owner.name)) is not None:
            if owner.lms_id and student.lms_id and student.lms_id != owner.lms_id:
                raise GraderError(
                    f"the name is that of {student}, the number {owner.lms_id} is not: theirs is "
                    f"{student.lms_id}; see who it is in the LMS, and put it right in the roster"
                )
            return student
        if alike := self._by.get(("name", fold(owner.name)), {}):
            raise GraderError(
                f"{' and '.join(sorted(alike))} are all called {owner.name}; name a roster with "
                "numbers: Canvas's gradebook export, or Moodle's grading worksheet"
            )
        names = {name: each for each in self.students.values() for name in each.names}
        close = get_close_matches(fold(owner.name), names, n=1, cutoff=0.75)
        hint = f"is it {names[close[0]]}? " if close else ""
        raise GraderError(
            f"nobody here is called {owner.name}; {hint}put them into the roster, or take new "
            "students as they come with --new"
        )


def slug(name: str) -> str:
    """Make an id of a full name: jane-doe."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", name).casefold())
    return "-".join(words)[:100]


def is_safe_id(text: str) -> bool:
    """Tell whether an id can name a folder: no separators, no dots in front, no spaces."""
    return bool(_SAFE_ID.fullmatch(text))


def read_roster(path: Path, known: Iterable[Student] = ()) -> list[Student]:
    """Read a roster, and join its rows to the students that are known.

    Understood are the headings of Canvas's gradebook export, of Moodle's grader report, list of
    participants and grading worksheet, and of `nbgrader db student import`.
    """
    rows = _table(path)
    everybody = {student.id: student for student in known}
    lines: dict[str, int] = {}
    for line, row in rows:
        name = row.get("student", row.get("full name", "")).strip()
        if name.casefold() in _ARTEFACTS:
            continue
        found = _student(row)
        old = _known(found, row, everybody.values())
        if old is not None:
            found = _joined(old, found)
        if not is_safe_id(found.id):
            raise GraderError(
                f"{path}, line {line}: {found.id!r} cannot name a folder; give the student an id "
                "of letters, digits and -_.@+ in a column id"
            )
        if found.id in lines:
            raise GraderError(
                f"{path}, lines {lines[found.id]} and {line} are both {found.id}; give each "
                "student an id of their own in a column id"
            )
        lines[found.id] = line
        everybody[found.id] = found
    if not lines:
        raise GraderError(f"{path} has no students")
    return list(everybody.values())


def _table(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file of whatever encoding and separator; headings are put in one spelling."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GraderError(f"cannot read the roster {path}: {error.strerror}") from error
    text = _decoded(data, path)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    try:
        headings = [re.sub(r"[\s_-]+", " ", each).strip().casefold() for each in next(reader, [])]
        rows = [
            (reader.line_num, dict(zip(headings, map(str.strip, row), strict=False)))
            for row in reader
            if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise GraderError(f"{path}, line {reader.line_num}: {error}; save it as CSV") from error
    naming = {*_IDS, *(heading for field in _FIELDS.values() for heading in field)}
    if not naming & set(headings):
        raise GraderError(
            f"{path} has the headings {', '.join(headings)[:200]}, and none that names a student: "
            "id, Student, Full name, First name, Last name, Email address"
        )
    return rows


def _decoded(data: bytes, path: Path) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's "Unicode text"
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise GraderError(f"{path} is not UTF-8; save it as CSV UTF-8") from None


def _student(row: Mapping[str, str]) -> Student:
    values = {
        field: next((row[heading] for heading in headings if row.get(heading)), "")
        for field, headings in _FIELDS.items()
    }
    full = values.pop("full_name")
    if full and not (values["first_name"] or values["last_name"]):
        last, comma, first = full.partition(",")
        if not comma:  # the words in order are what counts: names are folded
            first, _, last = full.rpartition(" ")
        values |= {"first_name": first.strip(), "last_name": last.strip()}
    if _is_canvas(row):
        values["lms_id"] = row.get("id", "")
    if number := re.search(r"\d+$", values["participant"]):
        values["participant"] = number[0]
    if not values["email"] and "@" in row.get("sis login id", ""):
        values["email"] = row["sis login id"]
    name = f"{values['first_name']} {values['last_name']}"
    ids = [*_ids(row), values["email"].partition("@")[0], values["lms_id"], slug(name)]
    return Student(next(filter(None, ids), ""), **values)


def _is_canvas(row: Mapping[str, str]) -> bool:
    """Tell whether `ID` is Canvas's number, as in its export, and not the student's id."""
    return "sis user id" in row or "sis login id" in row


def _ids(row: Mapping[str, str]) -> list[str]:
    headings = _IDS[1:] if _is_canvas(row) else _IDS
    return [row[heading] for heading in headings if row.get(heading)]


def _known(found: Student, row: Mapping[str, str], known: Iterable[Student]) -> Student | None:
    """Find the student of the gradebook that a row is about."""
    ids = {each.casefold() for each in _ids(row)}
    for student in known:
        if (
            student.id.casefold() in ids
            or (found.lms_id and student.lms_id == found.lms_id)
            or (found.email and student.email.casefold() == found.email.casefold())
        ):
            return student
    return None


def _joined(old: Student, found: Student) -> Student:
    """Put what a row says over what the gradebook has; the id stays."""
    said = {key: value for key, value in vars(found).items() if value and key != "id"}
    return replace(old, **said)
