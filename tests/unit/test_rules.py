from pathlib import Path

import pytest
from tiny_course import LESSON, changed, findings, line_of

from grader.rules import secret_lines, step_findings
from grader.source import parse_source

SOLUTION = LESSON[LESSON.index("    # BEGIN SOLUTION") : LESSON.index("\n\n\n# %% exercise")]
HIDDEN = LESSON[LESSON.index("# BEGIN HIDDEN TESTS") :]
HINT = '# %% [markdown] exercise="double" role="hint"\n# Multiply.\n\n'
TESTS = LESSON[LESSON.index('# %% exercise="double" role="tests"') :]
OTHER = LESSON[LESSON.index("# %% [markdown] exercise") :].replace("double", "treble")


def test_when_a_lesson_keeps_the_rules_then_nothing_is_found() -> None:
    assert findings(LESSON) == []
    assert findings(LESSON + "\n" + OTHER) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("# # Tiny", "# Tiny", "# %% [markdown]", "no title"),
        ('role="setup"', 'role="setup" colour=1', "# %% role", "unknown cell option colour"),
        ('role="setup"', "role=setup", "# %% role", "cannot be read; put text in quotes"),
        ("# %% listing", "# %% Listing listing", "# %% Listing", "a cell has no title"),
        ('listing="S0-01"', "listing=1", "# %% listing", 'wrong type; write listing="S0-04'),
        ("points=2", 'points="2"', '# %% exercise="double" role="tests"', "wrong type; write poi"),
        ("points=2", "points=true", '# %% exercise="double" role="tests"', "wrong type"),
        ("points=2", "points=0", '# %% exercise="double" role="tests"', "not above zero"),
        (" points=2", "", '# %% exercise="double" role="tests"', "tests cell without points"),
        ('role="task"', 'role="task" points=2', "# %% [markdown] exercise", "move the points"),
        ('role="task"', 'role="tsk"', "# %% [markdown] exercise", "unknown role 'tsk'; use one"),
        (' role="task"', "", "# %% [markdown] exercise", "has no role; add role="),
        ('exercise="double" role="task"', 'role="task"', '# %% [markdown] role', "task cell with"),
        ('role="setup"', 'role="setup" exercise="a"', "# %% role", "belongs to no exercise"),
        ('[markdown] exercise="double" role="task"', 'exercise="double" role="task"',
         '# %% exercise="double" role="task"', "a task cell must be a markdown cell"),
        ('# %% role="setup"', '# %% [markdown] role="setup"\n#', "# %% [markdown] role",
         "code cell"),
    ],
)  # fmt: skip
def test_when_an_option_is_wrong_then_the_finding_names_its_cell_and_the_way_out(
    old: str, new: str, at: str, message: str
) -> None:
    text = changed(old, new)
    if "must be a code" in message or "[markdown] role" in new:
        text = text.replace("import math", "# import math")
    found = {(finding.line, message in finding.message) for finding in findings(text)}
    assert (line_of(text, at), True) in found


def test_when_an_id_is_not_kebab_case_then_every_cell_of_it_is_named() -> None:
    found = findings(LESSON.replace('"double"', '"Double_It"'))
    assert len(found) == 5
    assert all("kebab-case" in finding.message for finding in found)


def test_when_an_exercise_starts_twice_then_the_second_start_is_named() -> None:
    text = LESSON + "\n" + OTHER + "\n" + TESTS
    (found,) = findings(text)
    assert found.line == line_of(text, OTHER) + OTHER.count("\n") + 1
    assert "double starts a second time" in found.message


def test_when_two_cells_would_share_an_id_then_the_first_is_named() -> None:
    text = LESSON + "\n" + OTHER.replace('"treble"', '"double-tests-1"')
    (found,) = findings(text)
    assert f"that of line {line_of(LESSON, TESTS)}" in found.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (HINT, "", "has 1 hint cell; give it at least 2"),
        (TESTS, "", "has no tests cell; give it one with points"),
        (LESSON[LESSON.index('# %% [markdown] exercise="double" role="task"') :
                LESSON.index('# %% [markdown] exercise="double" role="hint"')],
         "", "has no task cell"),
        (LESSON[LESSON.index('# %% exercise="double" role="solution"') : LESSON.index(TESTS)],
         "", "has no solution cell"),
    ],
)  # fmt: skip
def test_when_an_exercise_lacks_a_cell_then_check_names_its_first_line(
    old: str, new: str, message: str
) -> None:
    text = changed(old, new)
    (found,) = findings(text)
    assert found.line == line_of(text, '# %% [markdown] exercise="double"')
    assert message in found.message


def test_when_an_exercise_has_two_solutions_then_the_second_is_named() -> None:
    cell = LESSON[LESSON.index('# %% exercise="double" role="solution"') : LESSON.index(TESTS)]
    text = LESSON.replace(TESTS, cell + TESTS)
    (found,) = findings(text)
    assert found.line == line_of(text, TESTS) - cell.count("\n")
    assert "another solution cell" in found.message


def test_when_a_hint_follows_the_solution_then_check_names_the_order() -> None:
    text = LESSON.replace(HINT, "").replace(TESTS, HINT + TESTS)
    (found,) = findings(text)
    assert found.line == line_of(text, HINT)
    assert "keep the order task, hint, solution, tests" in found.message


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("import math", "import math\n# BEGIN HIDDEN TESTS\n# END HIDDEN TESTS",
         "# BEGIN HIDDEN TESTS", "BEGIN HIDDEN TESTS outside a tests cell; move it"),
        ("# Add.", "# END SOLUTION", "# END SOLUTION", "END SOLUTION outside a solution cell"),
        ("# END HIDDEN TESTS", "", "# BEGIN HIDDEN TESTS", "is never closed; add"),
        ("# BEGIN HIDDEN TESTS", "", "# END HIDDEN TESTS", "closes nothing; add"),
        ("    # END SOLUTION", "    # BEGIN SOLUTION\n    # END SOLUTION",
         "    # BEGIN SOLUTION\n    # END", "inside another region"),
        ("# BEGIN HIDDEN TESTS", "x = 1  # BEGIN HIDDEN TESTS", "x = 1  #", "cuts this whole line"),
        ("# Add.", "# AUTOTEST", "# AUTOTEST", "nbgrader acts on 'AUTOTEST'"),
        ("# Add.", "# BEGIN MARK SCHEME", "# BEGIN MARK", "nbgrader acts on"),
    ],
)  # fmt: skip
def test_when_a_marker_is_out_of_place_then_its_line_is_named(
    old: str, new: str, at: str, message: str
) -> None:
    text = changed(old, new)
    assert any(
        finding.line == line_of(text, at) and message in finding.message
        for finding in findings(text)
    )


@pytest.mark.parametrize(
    ("solution", "message"),
    [
        ("    answer = 2 * x\n    return answer", "without a region"),
        ("    answer = (\n    # BEGIN SOLUTION\n    2 * x)\n    # END SOLUTION", "does not parse"),
        ("    return 2 * x\n\n\n# BEGIN SOLUTION\nTWO = 2\n# END SOLUTION", "outside a function"),
        ("    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION\n\n\nclass Two:\n"
         "    # BEGIN SOLUTION\n    two = 2\n    # END SOLUTION", "outside a function"),
    ],
)  # fmt: skip
def test_when_the_stub_would_not_run_then_check_says_why(solution: str, message: str) -> None:
    text = changed(SOLUTION, solution)
    (found,) = findings(text)
    assert message in found.message


def test_when_regions_sit_in_methods_then_nothing_is_found() -> None:
    region = "        # BEGIN SOLUTION\n        a = 1\n        b = 2\n        # END SOLUTION"
    methods = f"    def one(self):\n{region}\n\n    def two(self):\n{region}"
    assert findings(changed(SOLUTION, f"{SOLUTION}\n\n\nclass Two:\n{methods}")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# END HIDDEN TESTS", "# END HIDDEN TESTS\ndouble(1)"),
        ('assert double(-3) == -6, "double(-3) should be -6"', "double(-3)"),
        ("# BEGIN HIDDEN TESTS", "double(1)\n# BEGIN HIDDEN TESTS"),
    ],
)
def test_when_a_tests_cell_ends_in_an_expression_then_its_line_is_named(old: str, new: str) -> None:
    text = changed(old, new)
    (found,) = findings(text)
    assert text.splitlines()[found.line - 1].startswith("double(")
    assert "nbgrader reads as a score; assign it" in found.message


@pytest.mark.parametrize("message", ["double(2) should be 4", "double(-3) should be -6"])
def test_when_an_assertion_has_no_message_then_its_line_is_named(message: str) -> None:
    text = changed(f', "{message}"', "")
    (found,) = findings(text)
    assert text.splitlines()[found.line - 1].startswith("assert double")
    assert "an assertion without a message; say what was called" in found.message


def test_when_hidden_tests_cut_a_statement_then_check_says_so() -> None:
    text = changed(
        HIDDEN, "if (\n# BEGIN HIDDEN TESTS\n    True):\n    x = 1\n# END HIDDEN TESTS\n"
    )
    (found,) = findings(text)
    assert "without its hidden tests the cell does not parse" in found.message


def test_when_a_code_cell_is_not_python_then_its_line_is_named() -> None:
    text = changed("print(math", "%time\nprint(math")
    (found,) = findings(text)
    assert found.line == line_of(text, "%time")
    assert "syntax error" in found.message


def test_when_frameworks_agree_then_nothing_is_found() -> None:
    both = [parse_source(Path(name), LESSON) for name in ("a_torch.py", "a_tensorflow.py")]
    assert list(step_findings(both)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LESSON.replace("points=2", "points=3"), "gives 3 points, in a_torch.py 2"),
        (
            LESSON.replace('"double"', '"twice"'),
            "exercise twice stands where a_torch.py has double",
        ),
        (LESSON + "\n" + OTHER, "exercise treble stands where a_torch.py has no exercise"),
        (LESSON[: LESSON.index("# %% [markdown] exercise")], "exercise double of a_torch.py is mi"),
    ],
)
def test_when_frameworks_are_out_of_step_then_the_second_is_told(text: str, message: str) -> None:
    first = parse_source(Path("a_torch.py"), LESSON)
    (found,) = step_findings([first, parse_source(Path("a_tensorflow.py"), text)])
    assert found.path == Path("a_tensorflow.py")
    assert message in found.message


def test_when_a_line_of_a_region_stands_outside_too_then_it_is_no_secret() -> None:
    secret = secret_lines(parse_source(Path("lesson.py"), LESSON))
    assert secret["answer = 2 * x"] == line_of(LESSON, "answer = 2 * x")
    assert "# BEGIN SOLUTION" in secret
    assert "return answer" in secret
    hint = LESSON.replace("# Add.", "# ```python\n# return answer\n# ```")
    assert "return answer" not in secret_lines(parse_source(Path("lesson.py"), hint))
