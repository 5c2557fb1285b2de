from pathlib import Path

import pytest
from tiny_course import LESSON, write_course

from grader.course import Course
from grader.errors import GraderError
from grader.listings import Places, Table, listing_findings, page, places, read_table, summary
from grader.source import read_source

TABLE = """\
[sources]
S0 = "An old book"
S3 = "Another book"

[listings]
S0-01 = { units = ["01"], shows = "Rounding", today = "Works." }
S0-02 = { units = ["01", "02"], shows = "Doubling", today = "Fails." }
S3-01 = { units = ["02"], shows = "Halving", today = "Works." }
"""


def collected(root: Path, lesson: str = LESSON) -> tuple[Table, Course, Places]:
    """Write a course with listings, and collect where they are taught."""
    course = write_course(root, lesson)
    (root / "solutions" / "listings.toml").write_text(TABLE)
    table = read_table(root)
    assert table is not None
    return table, course, places({each: read_source(each.source) for each in course.lessons()})


def test_when_a_listing_is_taught_then_the_page_links_to_its_heading(tmp_path: Path) -> None:
    lesson = LESSON.replace(
        "# %% listing", "# %% [markdown]\n# ## To `floor` | down\n\n# %% listing"
    )
    text = page(*collected(tmp_path, lesson))
    link = "[To floor  down (PyTorch)](01_tiny/tiny_torch.ipynb#To-floor--down)"
    assert f"| S0-01 | Rounding | Works. | {link} |" in text
    assert "## S0: An old book" in text


def test_when_a_heading_stands_in_fenced_code_then_it_is_no_heading(tmp_path: Path) -> None:
    fenced = "# %% [markdown]\n# ```\n# # a comment\n# ```\n\n# %% listing"
    assert "[Tiny (PyTorch)]" in page(*collected(tmp_path, LESSON.replace("# %% listing", fenced)))


def test_when_a_listing_is_not_taught_then_the_page_names_its_unit(tmp_path: Path) -> None:
    text = page(*collected(tmp_path, LESSON.replace('"S0-01"', '"S0-01 S0-02"')))
    assert "| S3-01 | Halving | Works. | not yet (unit 02) |" in text
    assert "tiny_torch.ipynb#Tiny)<br>not yet (unit 02) |" in text


def test_when_listings_are_counted_then_only_units_of_the_course_miss_any(tmp_path: Path) -> None:
    assert summary(*collected(tmp_path)) == (
        "listings: 1 of 3 taught; missing in built units: S0-02"
    )


def test_when_a_unit_leaves_a_listing_out_then_its_row_is_named(tmp_path: Path) -> None:
    (found,) = listing_findings(*collected(tmp_path))
    assert (found.path.name, found.line) == ("listings.toml", 7)
    assert "no lesson of 01_tiny teaches listing S0-02; tag its cell" in found.message


def test_when_a_listing_is_unknown_then_its_cell_is_named(tmp_path: Path) -> None:
    lesson = LESSON.replace('"S0-01"', '"S0-01 S0-02 S9-01"')
    (found,) = listing_findings(*collected(tmp_path, lesson))
    assert (found.path.name, found.line) == ("tiny_torch.py", 7)
    assert "unknown listing S9-01; correct it" in found.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('units = ["01"], ', "", "'units' is missing or wrong"),
        ("[sources]", "[source]", "'sources' is missing or wrong"),
        ("S3 =", "S4 =", "S3-01 is of no book"),
        ("S0-02 =", "S0-01 =", "cannot read"),
    ],
)
def test_when_the_table_is_wrong_then_the_error_says_where(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    collected(tmp_path)
    (tmp_path / "solutions" / "listings.toml").write_text(TABLE.replace(old, new, 1))
    with pytest.raises(GraderError, match=r"listings\.toml") as caught:
        read_table(tmp_path)
    assert message in str(caught.value)


def test_when_a_course_came_from_no_books_then_there_is_no_table(tmp_path: Path) -> None:
    assert read_table(tmp_path) is None


def test_when_the_table_of_this_course_is_read_then_every_listing_is_there() -> None:
    table = read_table(Path(__file__).parents[2])
    assert table is not None
    counts = dict.fromkeys(table.books, 0)
    for listing in table.listings.values():
        counts[listing.book] += 1
        assert listing.units
        assert listing.shows
        assert listing.today.endswith(".")
        assert "|" not in listing.shows + listing.today
    assert counts == {"S0": 42, "S1": 45, "S2": 11, "S3": 16, "S4": 3}
