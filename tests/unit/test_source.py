from pathlib import Path

import pytest
from tiny_course import LESSON, line_of

from grader.source import SourceError, cell_ids, grade_ids, parse_source, read_source

HERE = Path("lesson.py")


def test_when_a_lesson_is_parsed_then_cells_keep_their_options_and_lines() -> None:
    source = parse_source(HERE, LESSON)
    cell = source.cells[-1]
    assert (cell.kind, cell.exercise, cell.role, cell.points) == ("code", "double", "tests", 2)
    assert cell.line == line_of(LESSON, '# %% exercise="double" role="tests"')
    assert source.cells[2].listings == ("S0-01",)
    assert [len(cells) for cells in source.exercises.values()] == [5]


def test_when_a_line_of_a_cell_is_asked_for_then_it_is_the_line_of_the_file() -> None:
    lines = LESSON.splitlines()
    for cell in parse_source(HERE, LESSON).cells:
        for index, line in enumerate(cell.source.split("\n")):
            prefix = "# " if cell.kind == "markdown" else ""
            assert lines[cell.line_of(index) - 1] == prefix + line


@pytest.mark.parametrize(
    "inside",
    [
        "# %% [markdown]\n# ```mermaid\n# %% a comment of the figure\n# graph LR\n# ```\n",
        '# %%\ntext = """\n# %% in a string\n"""\n',
    ],
)
def test_when_a_marker_stands_in_a_figure_or_a_string_then_it_starts_no_cell(inside: str) -> None:
    source = parse_source(HERE, inside + "\n# %%\nx = 1\n")
    assert [cell.line for cell in source.cells] == [
        1,
        line_of(inside, inside) + inside.count("\n") + 1,
    ]
    assert "source_line" not in source.cells[0].source


def test_when_a_comment_looks_like_a_magic_then_it_stays_a_comment() -> None:
    assert parse_source(HERE, "# %%\n# %time\n# !important\n").cells[0].source == (
        "# %time\n# !important"
    )


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "does not start a cell"),
        ("import os\n", 1, "does not start a cell"),
        ("# %% [markdown]\n# Text\nand more\n", 3, "does not start with '#'"),
        ('# %% [markdown]\n# Text\n# %%role="setup"\nx = 1\n', 4, "does not start with '#'"),
        ('# %%\nx = 1\n# %% {"exercise": "a"}\nx = 1\n', 1, "unreadable options"),
    ],
)
def test_when_a_script_cannot_be_read_then_the_error_names_the_line(
    text: str, line: int, problem: str
) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(HERE, text)
    assert caught.value.line == line
    assert problem in caught.value.problem
    assert str(caught.value).startswith(f"lesson.py:{line}: ")


def test_when_a_file_is_missing_or_no_text_then_the_error_says_so(tmp_path: Path) -> None:
    path = tmp_path / "lesson.py"
    with pytest.raises(SourceError, match="missing; write the lesson"):
        read_source(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match="not UTF-8"):
        read_source(path)


def test_when_ids_are_derived_then_they_come_from_exercise_and_role() -> None:
    cells = parse_source(HERE, LESSON).cells
    assert grade_ids(cells) == [
        None,
        "setup-1",
        None,
        "double-task",
        "double-hint-1",
        "double-hint-2",
        "double",
        "double-tests-1",
    ]
    assert cell_ids(cells)[:3] == ["cell-01", "setup-1", "cell-03"]


def test_when_a_cell_is_added_above_then_ids_of_exercises_stay() -> None:
    longer = LESSON.replace("# %% listing", "# %%\nx = 1\n\n# %% listing")
    ids = set(filter(None, grade_ids(parse_source(HERE, LESSON).cells)))
    assert ids <= set(cell_ids(parse_source(HERE, longer).cells))
