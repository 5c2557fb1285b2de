"""Holds the grades of `grader autograde` against those of stock nbgrader, on honest submissions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import nbformat
import pytest

from grader.bank import answered, bank_path, read_bank, solutions
from grader.course import Course, find_course, load_course
from grader.demo import make_course
from grader.desk import Desk
from grader.verdicts import METADATA_KEY

COURSE = find_course(Path(__file__))
UNIT = COURSE.unit("03_blocks")

# nbgrader with every default but the kernel: its own preprocessors and its own rule for points.
STOCK = """\
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.ignore = ["*.py", "*.toml", "*.md", ".*", "*.pyc", "__pycache__"]
c.Execute.kernel_name = "{kernel}"
"""

Scores = dict[tuple[str, str, str], float]


def command(course: Course, *words: str) -> None:
    """Run a command line in a course's folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(
        words, cwd=course.root, check=True, capture_output=True, env={**os.environ, "PATH": path}
    )


def hand_in(course: Course) -> None:
    """Spread all answers of the bank over as few students as there are answers to an exercise.

    Every student hands in both notebooks, because a missing one has scores in one course only.
    """
    banks = {lesson.name: read_bank(bank_path(lesson)) for lesson in COURSE.lessons(UNIT)}
    counts = Counter((name, each.exercise) for name, bank in banks.items() for each in bank)
    for lesson in course.lessons(UNIT):
        student = nbformat.read(lesson.student, as_version=4)
        for number in range(max(counts.values())):
            answers = {
                exercise: next(
                    islice(
                        cycle(v.source for v in banks[lesson.name] if v.exercise == exercise),
                        number,
                        None,
                    )
                )
                for exercise in solutions(student)
            }
            folder = course.root / "submitted" / f"student{number:02}" / UNIT.name
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(answered(student, answers), folder / f"{lesson.name}.ipynb")


def scores(course: Course) -> Scores:
    """Read every automatic score from a course's gradebook."""
    with Desk(course).gradebook() as gradebook:
        return {
            (submission.student_id, notebook.name, grade.name): grade.auto_score
            for submission in gradebook.assignment_submissions(UNIT.name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class graded by `grader autograde`."""
    course = make_course(COURSE, UNIT, tmp_path_factory.mktemp("ours") / "course")
    hand_in(course)
    command(course, "grader", "autograde", UNIT.name)
    return course


def copy_of(course: Course, folder: Path) -> Course:
    """Copy the ungraded part of a course."""
    for kind in ("solutions", "notebooks", "submitted"):
        shutil.copytree(course.root / kind, folder / kind)
    shutil.copyfile(course.root / "nbgrader_config.py", folder / "nbgrader_config.py")
    return load_course(folder)


@pytest.fixture(scope="module")
def stock(ours: Course, tmp_path_factory: pytest.TempPathFactory) -> list[Course]:
    """The same class graded by nbgrader with its default preprocessors, on our kernels.

    One course per framework, because nbgrader takes one kernel for all notebooks, and both at once.
    """

    def grade(framework: str) -> Course:
        course = copy_of(ours, tmp_path_factory.mktemp(framework))
        lesson = next(each for each in course.lessons(UNIT) if each.framework == framework)
        config = STOCK.format(kernel=lesson.kernel_name)
        (course.root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        command(course, "nbgrader", "generate_assignment", UNIT.name, "--force")
        command(course, "nbgrader", "autograde", UNIT.name, "--notebook", lesson.name)
        return course

    with ThreadPoolExecutor() as pool:
        return list(pool.map(grade, UNIT.frameworks))


def graded_notebooks(course: Course) -> set[str]:
    """List the notebooks that a course has graded."""
    return {path.stem for path in course.root.glob(f"autograded/*/{UNIT.name}/*.ipynb")}


def printed_to_stderr(course: Course) -> set[tuple[str, str, str]]:
    """Find the tests cells that stock nbgrader gives nothing because something was printed."""
    found = set()
    for path in course.root.glob(f"autograded/*/{UNIT.name}/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if any(o.get("name") == "stderr" for o in cell.get("outputs", [])):
                key = cell.metadata.get("nbgrader", {}).get("grade_id")
                found.add((path.parent.parent.name, path.stem, key))
    return found


def test_honest_submissions_score_as_with_nbgraders_own_preprocessors(
    ours: Course, stock: list[Course]
) -> None:
    noisy = {key for course in stock for key in printed_to_stderr(course)}
    mine = {key: value for key, value in scores(ours).items() if key not in noisy}
    theirs = {
        key: value
        for course in stock
        for key, value in scores(course).items()
        if key not in noisy and key[1] in graded_notebooks(course)
    }
    assert mine == theirs
    assert {0.0, 1.0, 2.0} <= set(mine.values()), "right and wrong answers were among them"
    assert len(mine) > 50


def test_stock_autograde_with_our_preprocessors_gives_the_same_grades_and_verdicts(
    ours: Course, tmp_path: Path
) -> None:
    course = copy_of(ours, tmp_path)
    few = sorted(path.name for path in (course.root / "submitted").iterdir())[:3]
    for folder in (course.root / "submitted").iterdir():
        if folder.name not in few:
            shutil.rmtree(folder)
    command(course, "nbgrader", "generate_assignment", UNIT.name, "--force")
    command(course, "nbgrader", "autograde", UNIT.name)
    assert scores(course) == {k: v for k, v in scores(ours).items() if k[0] in few}
    for student in few:
        for lesson in course.lessons(UNIT):
            reports = [
                nbformat.read(
                    each.root / "autograded" / student / UNIT.name / f"{lesson.name}.ipynb", 4
                ).metadata[METADATA_KEY]["cells"]
                for each in (course, ours)
            ]
            verdicts = [[(c["grade_id"], c["verdict"], c["message"]) for c in r] for r in reports]
            assert verdicts[0] == verdicts[1]
