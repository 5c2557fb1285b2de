"""Watches one kernel and everything that it starts, and leaves nothing running.

Runs in a process of its own, forked by the zygote. It is the subreaper of all that the kernel
starts: a process that leaves its session or outlives its parent still becomes a child of this one.
The connection to whoever asked for the kernel is the kernel's lifeline: when it closes, for
whatever reason, the kernel and its offspring die.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import select
import shutil
import signal
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from . import namespaces

TICK = 0.05
"""Seconds between two looks at memory and process count: a tensor grows by about 200 MB in it."""
DISK_TICK = 0.5
"""Seconds between two looks at the scratch folder."""
FILES = 10_000
"""Files that a kernel may have in its scratch folder."""
LARGEST_FILES = 4
"""How many files of the largest size allowed a kernel may write."""
THREADS = 16
"""Threads allowed for each process allowed: frameworks start one per core, several times over."""


def supervise(
    connection: socket.socket, request: dict[str, Any], become: Callable[[dict[str, Any]], NoReturn]
) -> None:
    """Fork a child that runs `become(request)`, watch it, report how it ended.

    Sends `{"pid": …}` once, and `{"exit": returncode, "reason": str, "at": float, "peak_mb": float,
    "log": str}` at the end; `reason` is "" when the kernel ended by itself, `at` the monotonic time
    of the look that gave the reason. Takes `{"signal": number}`.
    """
    os.setsid()
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    log_read, log_write = os.pipe()
    if request.get("containment") == "namespaces":
        namespaces.enter()
    pid = os.fork()
    if pid == 0:
        connection.close()
        os.close(log_read)
        _run_child(request, become, log_write)
    os.close(log_write)
    _send(connection, {"pid": pid})
    returncode, reason, at, peak_mb = _watch(connection, request, pid)
    kill_offspring()
    if reason == "abandoned":  # whoever made the scratch folder is gone
        shutil.rmtree(request["scratch"], ignore_errors=True)
    os.set_blocking(log_read, False)
    with suppress(BlockingIOError):
        log = os.read(log_read, 1 << 16).decode(errors="replace")
        _send(
            connection,
            {
                "exit": returncode,
                "reason": reason,
                "at": at,
                "peak_mb": round(peak_mb),
                "log": log,
            },
        )


def die_with_parent() -> None:
    """Ask Linux to kill this process when the one that forked it dies."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def live_on() -> None:
    """Take back what `die_with_parent` asked for."""
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)


def _run_child(
    request: dict[str, Any], become: Callable[[dict[str, Any]], NoReturn], log: int
) -> NoReturn:
    """Run the kernel; where it cannot start, leave the reason in `log` and exit with status 70."""
    try:
        request["log"] = log
        become(request)
    except BaseException:
        import traceback

        with suppress(OSError):
            os.write(log, traceback.format_exc().encode()[-60_000:])
    os._exit(70)


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    with suppress(OSError):
        connection.sendall(json.dumps(message).encode() + b"\n")


def _watch(
    connection: socket.socket, request: dict[str, Any], pid: int
) -> tuple[int, str, float, float]:
    """Wait until the kernel ends, breaks a limit, or nobody wants it any more.

    Returns its return code, the reason, the time of the last look, and the peak of its memory.
    """
    limits = request["limits"]
    deadline = time.monotonic() + limits["seconds"]
    kernel = os.pidfd_open(pid)
    unlimited = all(map(math.isinf, limits.values()))  # one's own work
    peak_mb, incoming = 0.0, b""
    disk = Disk(Path(request["scratch"]), LARGEST_FILES * limits["file_mb"] * 2**20)
    while True:
        ready, _, _ = select.select(
            [connection.fileno(), kernel], [], [], None if unlimited else TICK
        )
        now = time.monotonic()
        if connection.fileno() in ready:
            try:
                data = connection.recv(4096)
            except OSError:
                data = b""
            if not data:
                os.kill(pid, signal.SIGKILL)
                return -signal.SIGKILL, "abandoned", now, peak_mb
            *lines, incoming = (incoming + data).split(b"\n")
            for line in lines:
                with suppress(ProcessLookupError):
                    os.kill(pid, json.loads(line)["signal"])
        status = _reap(pid)
        if status is not None:
            return status, "", now, peak_mb
        if unlimited:
            continue
        reason = ""
        family = offspring(os.getpid())
        memory_mb = sum(map(resident_mb, family))
        if memory_mb > limits["memory_mb"]:  # pages shared after a fork are counted once each
            memory_mb = sum(map(proportional_mb, family))
            if memory_mb > limits["memory_mb"]:
                reason = "memory"
        peak_mb = max(peak_mb, memory_mb)
        if len(family) > limits["processes"] or (
            sum(map(threads, family)) > limits["processes"] * THREADS
        ):
            reason = "processes"
        elif disk.is_full(family):
            reason = "disk"
        elif now > deadline:
            reason = "time"
        if reason:
            os.kill(pid, signal.SIGKILL)
            return -signal.SIGKILL, reason, now, peak_mb


def _reap(kernel: int) -> int | None:
    """Collect every dead child; return the kernel's return code once it is among them."""
    returncode = None
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == kernel:
                returncode = os.waitstatus_to_exitcode(status)
    return returncode


def kill_offspring() -> None:
    """Kill everything that descends from this process, until nothing does."""
    with suppress(ChildProcessError):
        while True:
            for pid in offspring(os.getpid()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.001)


def offspring(pid: int) -> list[int]:
    """List the descendants of `pid`, parents first."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                children = [int(child) for child in path.read_text().split()]
                found += children
                waiting += children
    return found


def resident_mb(pid: int) -> float:
    """Read the resident memory of a process that is not backed by a file, in MB."""
    return _kilobytes(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:")) / 1024


def proportional_mb(pid: int) -> float:
    """Read the memory of a process with shared pages divided among their owners, in MB."""
    return _kilobytes(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) / 1024


def _kilobytes(path: str, fields: tuple[str, ...]) -> int:
    with suppress(OSError, ValueError):
        lines = Path(path).read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(fields))
    return 0


def threads(pid: int) -> int:
    """Count the threads of a process."""
    with suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    return 0


class Disk:
    """What a kernel has written: to its scratch folder, and to files that have no name any more."""

    def __init__(self, folder: Path, allowed: float) -> None:
        self.folder = folder
        self.next_look = 0.0
        files, size = self.used([])  # what came along with the submission
        self.files = files + FILES
        self.bytes = size + allowed

    def is_full(self, family: list[int]) -> bool:
        """Tell, now and then, whether the kernel has written more than it may."""
        if time.monotonic() < self.next_look:
            return False
        files, size = self.used(family)
        self.next_look = time.monotonic() + DISK_TICK
        return files > self.files or size > self.bytes

    def used(self, family: list[int]) -> tuple[int, int]:
        """Count files and the bytes that they take on the disk; stops where it is too much."""
        files, size = 0, 0
        waiting = [str(self.folder)]
        while waiting and files <= getattr(self, "files", FILES):
            with suppress(OSError), os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    with suppress(OSError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
        for pid in family:
            with suppress(OSError):
                for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                    state = descriptor.stat()
                    if stat.S_ISREG(state.st_mode) and not state.st_nlink:
                        size += state.st_blocks * 512
        return files, size
