"""A supervisor ends what breaks a limit, and leaves nothing running. Children stand for kernels."""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from grader.launcher import KernelProcess
from grader.supervisor import supervise

Become = Callable[[dict[str, Any]], Any]
Start = Callable[..., KernelProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what runs a function as a supervised kernel, with small limits."""
    supervisors = []

    def run(become: Become, **limits: float) -> KernelProcess:
        usual = {"seconds": 20, "memory_mb": 10_000, "processes": 8, "file_mb": 8}
        request = {"scratch": str(tmp_path), "limits": {**usual, **limits}}
        ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("fork")
        supervisor = context.Process(target=_supervise, args=(ours, theirs, request, become))
        supervisor.start()
        supervisors.append(supervisor)
        theirs.close()
        return KernelProcess(ours)

    yield run
    for supervisor in supervisors:
        supervisor.join(10)
        assert supervisor.exitcode == 0
        supervisor.close()


def _supervise(
    ours: socket.socket, theirs: socket.socket, request: dict[str, Any], become: Become
) -> None:
    ours.close()
    supervise(theirs, request, become)
    os._exit(0)


def _sleep(_: dict[str, Any]) -> None:
    time.sleep(60)


def test_when_a_kernel_ends_by_itself_then_its_status_comes_back(start: Start) -> None:
    process = start(lambda _: os._exit(3))
    assert process.wait() == 3
    assert process.reason == ""


def test_when_a_kernel_is_killed_then_its_signal_comes_back(start: Start) -> None:
    process = start(_sleep)
    process.send_signal(signal.SIGUSR2)
    assert process.wait() == -signal.SIGUSR2


def test_when_a_kernel_cannot_start_then_its_log_says_why(start: Start) -> None:
    def fail(_: dict[str, Any]) -> None:
        raise RuntimeError("no scratch folder")

    process = start(fail)
    assert process.wait() == 70
    assert "no scratch folder" in process.log


def test_when_it_runs_too_long_then_it_is_killed_for_the_time(start: Start) -> None:
    process = start(_sleep, seconds=0.2)
    assert process.wait() == -signal.SIGKILL
    assert process.reason == "time"


def test_when_children_together_take_too_much_memory_then_it_is_killed_for_it(
    start: Start,
) -> None:
    def grow(_: dict[str, Any]) -> None:
        for _ in range(3):
            if os.fork() == 0:
                block = bytearray(100 << 20)
                block[::4096] = b"1" * len(block[::4096])
                time.sleep(60)
        time.sleep(60)

    ours = psutil.Process().memory_info().rss >> 20  # a fork starts with as much
    began = time.monotonic()
    process = start(grow, memory_mb=ours + 200)
    assert process.ended_at == math.inf
    process.wait()
    assert process.reason == "memory"
    assert process.peak_mb > 200
    assert began < process.ended_at < time.monotonic()


def test_when_it_starts_too_many_processes_then_it_is_killed_for_them(start: Start) -> None:
    def multiply(_: dict[str, Any]) -> None:
        for _ in range(12):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
        time.sleep(60)

    process = start(multiply)
    process.wait()
    assert process.reason == "processes"


def test_when_it_writes_too_much_then_it_is_killed_for_the_disk(
    start: Start, tmp_path: Path
) -> None:
    def write(_: dict[str, Any]) -> None:
        for number in range(6):
            (tmp_path / str(number)).write_bytes(b"1" * (8 << 20))
        time.sleep(60)

    process = start(write)
    process.wait()
    assert process.reason == "disk"


def test_when_it_hides_what_it_writes_then_it_is_killed_for_it_too(
    start: Start, tmp_path: Path
) -> None:
    def write(_: dict[str, Any]) -> None:
        kept = []
        for number in range(6):
            path = tmp_path / str(number)
            kept.append(path.open("wb"))
            path.unlink()
            kept[-1].write(b"1" * (8 << 20))
            kept[-1].flush()
        time.sleep(60)

    process = start(write)
    process.wait()
    assert process.reason == "disk"


def test_what_came_along_is_not_counted(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"1" * (64 << 20))
    process = start(lambda _: time.sleep(1) or os._exit(0))
    assert process.wait() == 0


def test_a_process_in_a_session_of_its_own_dies_with_the_kernel(
    start: Start, tmp_path: Path
) -> None:
    note = tmp_path / "daemon"

    def leave_a_daemon(_: dict[str, Any]) -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                note.write_text(str(os.getpid()))
                time.sleep(60)
            os._exit(0)
        os.wait()
        while not note.exists() or not note.read_text():
            time.sleep(0.01)
        os._exit(0)

    assert start(leave_a_daemon).wait() == 0
    assert not psutil.pid_exists(int(note.read_text()))


def test_when_nobody_wants_it_any_more_then_it_dies(start: Start) -> None:
    process = start(_sleep)
    kernel = psutil.Process(process.pid)
    process._connection.close()
    assert kernel.wait(30) is None


def test_when_the_supervisor_is_killed_then_the_kernel_dies(tmp_path: Path) -> None:
    code = (
        "import os, sys, time, socket, signal\n"
        "from grader.supervisor import die_with_parent, supervise\n"
        "a, b = socket.socketpair()\n"
        "limits = dict(seconds=20, memory_mb=900, processes=8, file_mb=8)\n"
        "def become(_):\n"
        "    die_with_parent()\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
        f"supervise(b, dict(scratch={str(tmp_path)!r}, limits=limits), become)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        kernel = int(supervisor.stdout.readline())
        ctypes.CDLL(None).prctl(
            36, 1, 0, 0, 0
        )  # orphans become ours, so that they can be waited for
        supervisor.kill()
        try:
            assert psutil.Process(kernel).wait(30) in (-signal.SIGKILL, None)
        except psutil.NoSuchProcess:
            pass
        finally:
            ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)
