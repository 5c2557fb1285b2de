"""The listings of the books that the course grew out of, and where each is taught."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from grader.course import FRAMEWORKS, Course, Lesson
from grader.errors import GraderError
from grader.rules import Finding
from grader.source import Source

TABLE = Path("solutions", "listings.toml")
PAGE = Path("notebooks", "LISTINGS.md")

_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*\s*$")


@dataclass(frozen=True)
class Listing:
    """One listing of one book; `units` are numbers such as "03", `today` is what became of it."""

    id: str
    units: tuple[str, ...]
    shows: str
    today: str

    @property
    def book(self) -> str:
        return self.id.partition("-")[0]


@dataclass(frozen=True)
class Table:
    """`solutions/listings.toml`: the titles of the books, and their listings, by id."""

    path: Path
    books: Mapping[str, str]
    listings: Mapping[str, Listing]


@dataclass(frozen=True)
class Place:
    """A cell that stands for a listing, under the heading that a reader would look for."""

    lesson: Lesson
    line: int
    heading: str


Places = Mapping[str, Sequence[Place]]


def read_table(root: Path) -> Table | None:
    """Read the table of the course at `root`; None where the course came from no books."""
    path = root / TABLE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GraderError(f"cannot read {path}: {error}") from error
    try:
        books = {str(key): str(title) for key, title in table["sources"].items()}
        listings = {
            key: Listing(key, tuple(map(str, row["units"])), str(row["shows"]), str(row["today"]))
            for key, row in table["listings"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise GraderError(
            f"{path}: {error} is missing or wrong; a row needs units, shows and today"
        ) from error
    for listing in listings.values():
        if listing.book not in books:
            raise GraderError(f"{path}: {listing.id} is of no book in [sources]; add its title")
    return Table(path, books, listings)


def places(sources: Mapping[Lesson, Source]) -> dict[str, list[Place]]:
    """Collect the cells that carry `listing=`, by listing id, in the order of the course."""
    found: dict[str, list[Place]] = {}
    for lesson, source in sources.items():
        heading = lesson.unit.title
        for cell in source.cells:
            if cell.kind == "markdown":
                heading = next(_headings(cell.source), heading)
            for listing in cell.listings:
                found.setdefault(listing, []).append(Place(lesson, cell.line, heading))
    return found


def missing(table: Table, course: Course, taught: Places) -> dict[str, list[str]]:
    """Return, by unit name, the listings that no lesson of that unit teaches although it should."""
    gaps: dict[str, list[str]] = {}
    for unit in course.units:
        for listing in table.listings.values():
            here = [place for place in taught.get(listing.id, ()) if place.lesson.unit == unit]
            if unit.number in listing.units and not here:
                gaps.setdefault(unit.name, []).append(listing.id)
    return gaps


def listing_findings(table: Table, course: Course, taught: Places) -> Iterator[Finding]:
    """Find listings that no table knows, and listings that their unit leaves out."""
    for listing, found in taught.items():
        if listing not in table.listings:
            for place in found:
                message = f"unknown listing {listing}; correct it, or add it to {TABLE}"
                yield Finding(place.lesson.source, place.line, message)
    lines = table.path.read_text(encoding="utf-8").splitlines()
    for unit, ids in missing(table, course, taught).items():
        for listing in ids:
            line = next((n for n, text in enumerate(lines, 1) if text.startswith(listing)), 1)
            message = (
                f'no lesson of {unit} teaches listing {listing}; tag its cell listing="{listing}", '
                "or correct its units"
            )
            yield Finding(table.path, line, message)


def summary(table: Table, course: Course, taught: Places) -> str:
    """Say in one line how many listings are taught, and which are missing in built units."""
    known = [listing for listing in table.listings if listing in taught]
    text = f"listings: {len(known)} of {len(table.listings)} taught"
    gaps = [listing for ids in missing(table, course, taught).values() for listing in ids]
    if gaps:
        text += f"; missing in built units: {' '.join(dict.fromkeys(gaps))}"
    return text


def page(table: Table, course: Course, taught: Places) -> str:
    """Return the page for readers who come from the books: one table for each of them."""
    parts = [
        "<!-- Made by `grader build` from solutions/listings.toml and the lessons. -->",
        "# Coming from a book",
        "Where the listings of the texts that this course grew out of are taught, and what became "
        "of each on today's versions.",
    ]
    for book, title in table.books.items():
        rows = ["| listing | shows | what became of it | where it is taught |", "|---|---|---|---|"]
        rows += [
            f"| {listing.id} | {listing.shows} | {listing.today} | "
            f"{_taught_where(listing, course, taught)} |"
            for listing in table.listings.values()
            if listing.book == book
        ]
        parts += [f"## {book}: {title}", "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def _taught_where(listing: Listing, course: Course, taught: Places) -> str:
    """Link to the sections that teach a listing, and name the units that are still to come."""
    parts = list(dict.fromkeys(_link(place) for place in taught.get(listing.id, ())))
    numbers = {place.lesson.unit.number for place in taught.get(listing.id, ())}
    todo = [number for number in listing.units if number not in numbers]
    if todo:
        parts.append(f"not yet ({'units' if len(todo) > 1 else 'unit'} {', '.join(todo)})")
    return "<br>".join(parts)


def _link(place: Place) -> str:
    """Link to the heading; JupyterLab goes to it, GitHub opens the notebook."""
    lesson = place.lesson
    heading = re.sub(r"[`*|\[\]]", "", place.heading)
    anchor = quote(heading.replace(" ", "-"))
    target = f"{lesson.unit.name}/{lesson.student.name}"
    return f"[{heading} ({FRAMEWORKS[lesson.framework]})]({target}#{anchor})"


def _headings(text: str) -> Iterator[str]:
    """Yield the headings of a markdown cell from the last, those in fenced code left out."""
    found: list[str] = []
    fenced = False
    for line in text.split("\n"):
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (heading := _HEADING.match(line)):
            found.append(heading[1])
    yield from reversed(found)
