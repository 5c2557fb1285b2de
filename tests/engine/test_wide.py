"""The same grades from a Dask cluster, and in PostgreSQL; both are started here, for real."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from grader.course import Course

from .conftest import Grades, autograde, grades, hand_in, start


@pytest.fixture(scope="module")
def here(
    make_registered: Callable[[Path], Course], tmp_path_factory: pytest.TempPathFactory
) -> Grades:
    """Return the grades that two processes of this machine give, in SQLite."""
    course = make_registered(tmp_path_factory.mktemp("here") / "course")
    hand_in(course)
    assert autograde(course, "--jobs=2")[0] == 0
    return grades(course)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


# --- Dask --------------------------------------------------------------------------------------


def dask(*words: str, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / f"{words[0]}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started."""
    family = [psutil.Process(process.pid)] if process.poll() is None else []
    for parent in list(family):
        family += parent.children(recursive=True)
    for each in family:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """Start a scheduler on the loopback interface."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    port = free_port()
    process = dask(
        "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", folder=folder
    )
    try:
        yield f"tcp://127.0.0.1:{port}"
    finally:
        end(process)


@contextmanager
def workers(scheduler: str, folder: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start workers that share no folder with the course."""
    started = []
    try:
        for number in range(count):
            place = folder / f"worker{number}"
            place.mkdir()
            words = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
            started.append(dask("worker", scheduler, *words, folder=place))
        yield started
    finally:
        for process in started:
            end(process)


def test_a_cluster_that_loses_a_worker_gives_the_same_grades(
    course: Course, here: Grades, scheduler: str, tmp_path: Path
) -> None:
    with workers(scheduler, tmp_path, 2) as (first, _):
        grader = start(course, "--scheduler", scheduler)
        deadline = time.monotonic() + 600
        while not list(course.root.glob("autograded/*/*/*.ipynb")) and time.monotonic() < deadline:
            time.sleep(0.02)
        end(first)
        printed, _ = grader.communicate(timeout=600)
    assert grader.returncode == 0, printed
    assert grades(course) == here


def test_ctrl_c_ends_a_batch_on_a_cluster_and_keeps_what_is_done(
    course: Course, here: Grades, scheduler: str, tmp_path: Path
) -> None:
    with workers(scheduler, tmp_path, 1):
        grader = start(course, "--scheduler", scheduler)
        deadline = time.monotonic() + 600
        while not list(course.root.glob("autograded/*/*/*.ipynb")) and time.monotonic() < deadline:
            time.sleep(0.02)
        grader.send_signal(signal.SIGINT)
        printed, _ = grader.communicate(timeout=600)
        assert grader.returncode == 130, printed
        assert "what was finished is kept" in printed
        assert autograde(course, "--scheduler", scheduler)[0] == 0
    assert grades(course) == here


def test_a_scheduler_that_does_not_answer_is_one_sentence(course: Course) -> None:
    status, printed = autograde(course, "--scheduler", f"tcp://127.0.0.1:{free_port()}")
    assert status == 1
    assert "no scheduler answers at tcp://127.0.0.1" in printed
    assert "Traceback" not in printed


def test_a_scheduler_without_workers_says_how_to_start_one(course: Course, scheduler: str) -> None:
    status, printed = autograde(course, "--scheduler", scheduler)
    assert status == 1
    assert f"dask worker {scheduler}" in printed
    assert "Traceback" not in printed


# --- PostgreSQL --------------------------------------------------------------------------------


def server_programs() -> Path | None:
    """Find Debian's PostgreSQL server; its programs are not on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Server:
    """A PostgreSQL server in a folder of its own, run by an ordinary user."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.user = "postgres" if os.getuid() == 0 else None
        folder.mkdir()
        if self.user:
            shutil.chown(folder, self.user)
        self.run("initdb", "--auth=trust", "--username=grader", "--no-sync")

    def run(self, program: str, *words: str) -> None:
        subprocess.run(
            [self.programs / program, "--pgdata", self.folder / "data", *words],
            user=self.user,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
        )

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        log = str(self.folder / "log")
        self.run("pg_ctl", "start", "--wait", "--silent", "--log", log, "--options", options)

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "--mode", "immediate", "--silent")


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a server on a free local port."""
    import tempfile

    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    # Not in tmp_path, which other users may not enter.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        Path(folder).chmod(0o755)
        running = Server(programs, Path(folder, "server"))
        running.start()
        try:
            yield running
        finally:
            if (running.folder / "data" / "postmaster.pid").exists():
                running.stop()


@pytest.fixture
def course_on_postgres(course: Course, server: Server) -> Course:
    """Point a course's configuration at the server."""
    (course.root / "gradebook.db").unlink()
    config = course.root / "nbgrader_config.py"
    url = f"postgresql+psycopg://grader@127.0.0.1:{server.port}/postgres"
    with config.open("a") as file:
        file.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    return course


def test_a_course_on_postgresql_gets_the_same_grades(
    course_on_postgres: Course, here: Grades
) -> None:
    status, printed = autograde(course_on_postgres, "--jobs=2")
    assert status == 0, printed
    assert not (course_on_postgres.root / "gradebook.db").exists()
    assert grades(course_on_postgres) == here


def test_a_server_that_stops_in_the_middle_is_a_clear_error_and_resuming_finishes(
    course_on_postgres: Course, here: Grades, server: Server
) -> None:
    course = course_on_postgres
    grader = start(course, "--jobs=2")
    deadline = time.monotonic() + 600
    while not list(course.root.glob("autograded/*/*/*.ipynb")) and time.monotonic() < deadline:
        time.sleep(0.02)
    server.stop()
    printed, _ = grader.communicate(timeout=600)
    assert grader.returncode == 1, printed
    assert "does not answer" in printed
    assert "run the same command again" in printed
    assert "Traceback" not in printed
    server.start()
    assert autograde(course, "--jobs=2")[0] == 0
    assert grades(course) == here
