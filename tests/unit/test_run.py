"""One bad cell costs that cell, and not the rest of the notebook."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from grader.evidence import Finding
from grader.run import RunLimits, describe, run_notebook, turn_at
from grader.verdicts import NotebookReport, Verdict

LIMITS = RunLimits(cell_seconds=3, notebook_seconds=12, output_kb=16)


def marked(source: str, grade_id: str, **marks: object) -> NotebookNode:
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {"grade": False, "solution": False, "grade_id": grade_id, **marks}
    return cell


def graded_by(exercise: str, source: str) -> NotebookNode:
    return marked(source, f"{exercise}-tests-1", grade=True, points=1)


def notebook(first: str, *own: str) -> NotebookNode:
    """Return a notebook of two exercises: `first` is to be solved by `f`, the other one is."""
    return new_notebook(
        cells=[
            marked("import math", "setup-1"),
            *map(new_code_cell, own),
            marked(first, "first", solution=True),
            graded_by(
                "first", "assert f(2) == 4, 'f(2) should be 4'\nassert math.isclose(f(3), 6), ''"
            ),
            marked("def g(): return 1", "second", solution=True),
            graded_by("second", "assert g() == 1, 'g() should be 1'"),
        ]
    )


def run(nb: NotebookNode, folder: Path, limits: RunLimits = LIMITS) -> NotebookReport:
    return run_notebook(nb, "torch", str(folder), limits)


def verdicts(report: NotebookReport) -> list[str]:
    return [cell.verdict.value for cell in report.cells]


def test_when_both_are_right_then_both_pass_and_nothing_is_unusual(tmp_path: Path) -> None:
    report = run(notebook("def f(x): return 2 * x"), tmp_path)
    assert verdicts(report) == ["passed", "passed"]
    assert (report.points, report.max_points, report.notes) == (2, 2, [])
    assert report.start == "warm"


def test_when_the_kernel_dies_in_the_tests_then_the_other_cells_keep_their_marks(
    tmp_path: Path,
) -> None:
    report = run(notebook("import os\ndef f(x): os._exit(7)"), tmp_path)
    assert verdicts(report) == ["killed", "passed"]
    assert report.cells[0].message == "the cell ended its own kernel (exit status 7)"


def test_when_a_solution_cell_never_ends_then_its_tests_have_its_verdict(tmp_path: Path) -> None:
    nb = notebook("import time\ntime.sleep(60)\ndef f(x): return 2 * x")
    report = run(nb, tmp_path)
    assert verdicts(report) == ["timed out", "passed"]
    assert report.cells[0].message == "the cell ran longer than 3 s and was stopped"
    assert report.notes == ["first: the cell ran longer than 3 s and was stopped"]
    assert nb.cells[2].outputs[0].ename == "timed out"


# Pages that nothing writes to: the limit of allocations ends it, not the watch on resident memory.
FILL = "import numpy\nkept = []\nwhile True: kept.append(numpy.empty(2**21))"
NEEDS_ROOM = "def g(): return len(bytearray(2**27)) // 2**27"


def test_when_an_answer_runs_out_of_memory_then_the_next_has_all_of_it_again(
    tmp_path: Path,
) -> None:
    nb = notebook(FILL.replace("while", "def f(x):\n    while"))
    nb.cells[3].source = NEEDS_ROOM
    report = run(nb, tmp_path)
    assert verdicts(report) == ["out of memory", "passed"]
    assert "MemoryError" in report.cells[0].message


def test_when_a_cell_runs_out_of_memory_then_the_others_have_all_of_it_again(
    tmp_path: Path,
) -> None:
    nb = notebook("def f(x): return 2 * x", FILL)
    nb.cells[4].source = NEEDS_ROOM
    report = run(nb, tmp_path)
    assert verdicts(report) == ["passed", "passed"]
    assert len(report.notes) == 1
    assert report.notes[0].startswith("cell 2: MemoryError: Unable to allocate 16.0 MiB")
    assert [output.ename for output in nb.cells[1].outputs] == ["MemoryError"]


def test_when_a_solution_cell_runs_out_of_memory_then_that_is_what_its_tests_say(
    tmp_path: Path,
) -> None:
    report = run(notebook(FILL), tmp_path)
    assert verdicts(report) == ["out of memory", "passed"]


def test_when_many_answers_run_out_of_memory_then_each_still_has_its_turn(tmp_path: Path) -> None:
    nb = notebook("def f(x): return bytearray(2**40)")
    tests = nb.cells[2]
    for number in range(6):
        nb.cells.insert(3, marked(tests.source, f"first-tests-{number + 2}", grade=True, points=1))
    report = run(nb, tmp_path)
    assert verdicts(report) == ["out of memory"] * 7 + ["passed"]


@pytest.mark.parametrize(("ended", "index"), [(9, 0), (10, 0), (11.5, 0), (12, 2), (99, 2)])
def test_a_limit_was_broken_by_the_cell_that_ran_when_it_was_seen(ended: float, index: int) -> None:
    assert turn_at(ended, [(0, 10), (2, 12)])[0] == index


def test_when_a_cell_of_the_students_own_kills_the_kernel_then_the_rest_is_graded(
    tmp_path: Path,
) -> None:
    report = run(notebook("def f(x): return 2 * x", "import os; os.abort()"), tmp_path)
    assert verdicts(report) == ["passed", "passed"]
    assert report.notes == ["cell 2: the cell ended its own kernel (signal 6)"]


def test_when_the_notebooks_time_is_up_then_what_had_no_turn_is_timed_out(tmp_path: Path) -> None:
    limits = RunLimits(cell_seconds=3, notebook_seconds=1)
    report = run(notebook("import time\ntime.sleep(60)\ndef f(x): return 2 * x"), tmp_path, limits)
    assert verdicts(report) == ["timed out", "timed out"]
    assert "the notebook ran longer than 1 s" in report.cells[1].message


def test_when_every_kernel_is_killed_then_it_ends_all_the_same(tmp_path: Path) -> None:
    own = ["import os; os._exit(0)"] * 6
    report = run(notebook("def f(x): return 2 * x", *own), tmp_path)
    assert verdicts(report) == ["killed", "killed"]
    assert len(report.notes) == 4


def test_when_it_prints_too_much_then_the_rest_is_cut_once(tmp_path: Path) -> None:
    loud = "for i in range(20): print('x' * 2000, flush=True)"
    nb = notebook("def f(x): return 2 * x", loud, "print('more')", "raise ValueError('y' * 50000)")
    report = run(nb, tmp_path)
    assert verdicts(report) == ["passed", "passed"]
    texts = [output.get("text", "") for cell in nb.cells for output in cell.get("outputs", [])]
    assert sum(map(len, texts)) < 20_000
    assert sum("cut the output" in text for text in texts) == 1
    assert "more\n" not in texts


def test_a_failure_names_the_line_of_the_tests_and_of_the_students_code(tmp_path: Path) -> None:
    nb = notebook("def f(x):\n    return helper(x)\ndef helper(x):\n    return 1 / 0")
    report = run(nb, tmp_path)
    assert verdicts(report) == ["errored", "passed"]
    assert report.cells[0].message == "ZeroDivisionError: division by zero"
    assert nb.cells[2].outputs[-1].traceback == [
        "tests, line 1: assert f(2) == 4, 'f(2) should be 4'",
        "your code, line 2, in f: return helper(x)",
        "your code, line 4, in helper: return 1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_what_tests_define_does_not_reach_the_next_cells(tmp_path: Path) -> None:
    nb = notebook("def f(x): return 2 * x")
    nb.cells[2].source += "\nleft_over = 3\nmath = None"
    nb.cells[3].source = "g = lambda: 1\nprint('left_over' in globals(), math)"
    report = run(nb, tmp_path)
    assert verdicts(report)[0] == "passed"
    assert nb.cells[3].outputs[0].text.startswith("False <module 'math'")


@pytest.mark.parametrize(
    ("finding", "wanted"),
    [
        (Finding(Verdict.FAILED, "no", error="AssertionError"), "AssertionError: no"),
        (Finding(Verdict.ERRORED, "KeyError: 3", error="KeyError"), "KeyError: 3"),
        (Finding(Verdict.TIMED_OUT, "too long"), "timed out: too long"),
    ],
)
def test_a_finding_is_written_once(finding: Finding, wanted: str) -> None:
    assert describe(finding, "").traceback == [wanted]


def test_what_was_displayed_can_be_updated_by_the_same_cell_and_by_later_ones(
    tmp_path: Path,
) -> None:
    nb = notebook(
        "def f(x): return 2 * x",
        "handle = display('first', display_id=True)\nhandle.update('second')",
        "print('between')",
        "handle.update('third')",
    )
    report = run(nb, tmp_path)
    assert report.notes == []
    assert verdicts(report) == ["passed", "passed"]
    assert [o.data["text/plain"] for o in nb.cells[1].outputs] == ["'third'"]
    assert nb.cells[2].outputs[0].text == "between\n"
