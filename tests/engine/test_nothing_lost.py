"""A batch that is killed, locked out or starved goes on where it stopped and loses nothing."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from grader.course import Course, load_course
from grader.desk import Desk

from .conftest import Grades, autograde, grades, hand_in, start

KILLS = 20


@pytest.fixture(scope="module")
def undisturbed(
    make_registered: Callable[[Path], Course], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Grades, float]:
    """Grade the class in peace: what comes out, and how many seconds it takes."""
    course = make_registered(tmp_path_factory.mktemp("undisturbed") / "course")
    hand_in(course)
    began = time.monotonic()
    status, printed = autograde(course)
    assert status == 0, printed
    return grades(course), time.monotonic() - began


def test_the_undisturbed_class_has_right_and_wrong_answers(
    undisturbed: tuple[Grades, float],
) -> None:
    verdicts = {verdict for _, verdict in undisturbed[0].values()}
    assert {"passed", "failed", "errored", "not handed in"} <= verdicts


def offspring_of(course: Course) -> list[psutil.Process]:
    """Find processes that work in a course's folder or have it on their command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(course.root)) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_killed_at_twenty_random_moments_it_ends_with_the_same_grades(
    course: Course, undisturbed: tuple[Grades, float]
) -> None:
    wanted, seconds = undisturbed
    draw = random.Random()
    finished = 0
    for _ in range(KILLS):
        process = start(course, "--force" if finished else "--jobs=2")
        time.sleep(draw.uniform(0.2, 1.0) * seconds)
        process.kill()
        process.communicate()
        finished = len(list(course.root.glob("autograded/*/*/*.ipynb")))
    psutil.wait_procs(offspring_of(course), timeout=10)
    assert not offspring_of(course), "nothing goes on without its coordinator"
    status, printed = autograde(course)
    assert status == 0, printed
    assert grades(course) == wanted
    assert not list(course.root.glob("autograded/*/.*.new")), "nothing half-written stays"


def test_a_regrade_that_is_killed_leaves_the_old_results(
    course: Course, undisturbed: tuple[Grades, float]
) -> None:
    wanted, seconds = undisturbed
    autograde(course)
    process = start(course, "--force")
    time.sleep(seconds / 2)
    process.kill()
    process.communicate()
    assert grades(course) == wanted


def test_a_second_grader_on_the_same_course_is_told_who_is_at_work(
    course: Course, undisturbed: tuple[Grades, float]
) -> None:
    with Desk(course).alone():
        status, printed = autograde(course)
    assert status == 1
    assert f"another grader is at work on this course (process {os.getpid()})" in printed
    assert autograde(course)[0] == 0
    assert grades(course) == undisturbed[0]


def test_a_locked_gradebook_is_a_clear_error_and_resuming_finishes(
    course: Course, undisturbed: tuple[Grades, float]
) -> None:
    writer = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    status, printed = autograde(course)
    assert status == 1
    assert "does not answer (database is locked)" in printed
    assert "Traceback" not in printed
    writer.execute("ROLLBACK")
    writer.close()
    assert autograde(course)[0] == 0
    assert grades(course) == undisturbed[0]


def test_a_disk_without_room_is_a_clear_error_and_resuming_finishes(
    course: Course, undisturbed: tuple[Grades, float]
) -> None:
    # No file may be written beyond its first 16 kB: to a program, a disk that is full.
    size = 16 << 10
    words = [sys.executable, "-m", "grader.cli", "autograde", course.units[0].name]
    run = subprocess.run(
        words,
        cwd=course.root,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        timeout=600,
    )
    printed = run.stdout + run.stderr
    assert run.returncode == 1, printed
    assert "Traceback" not in printed
    assert "error:" in printed
    assert autograde(course)[0] == 0
    assert grades(course) == undisturbed[0]


def zygotes(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """List the zygotes that a grader has started."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "grader.zygote" in child.cmdline()]


def test_when_the_zygotes_are_killed_the_rest_starts_cold_and_scores_the_same(
    course: Course, undisturbed: tuple[Grades, float]
) -> None:
    process = start(course, "--jobs=1")
    deadline = time.monotonic() + 60
    while not list(course.root.glob("autograded/*/*/*.ipynb")) and time.monotonic() < deadline:
        time.sleep(0.02)
    for zygote in zygotes(process):
        zygote.send_signal(signal.SIGKILL)
    printed, _ = process.communicate(timeout=600)
    assert process.returncode == 0, printed
    assert grades(course) == undisturbed[0]
    unit, desk = course.units[0], Desk(course)
    starts = {
        report.start.partition(":")[0]
        for student in desk.students(unit)
        for lesson in course.lessons(unit)
        if (report := desk.read_report(student, lesson)) is not None
    }
    assert starts == {"warm", "cold"}


def test_a_course_that_is_moved_after_grading_is_still_up_to_date(
    course: Course, tmp_path: Path
) -> None:
    autograde(course)
    moved = load_course(shutil.move(course.root, tmp_path / "elsewhere"))
    status, printed = autograde(moved)
    assert status == 0
    assert "0 graded, 6 up to date" in printed
