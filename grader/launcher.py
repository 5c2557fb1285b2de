"""Starts zygotes and asks them for kernels: the near side of `grader.zygote`."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# Read when the libraries are imported, so they belong to the zygote as well as to its kernels.
IMPORT_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
KERNEL_ENVIRONMENT = {
    **IMPORT_ENVIRONMENT,
    "CUDA_VISIBLE_DEVICES": "",
    # One thread a kernel: a class is graded by several kernels at once.
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class LaunchError(RuntimeError):
    """A kernel could not be started; the message holds what it said."""


@dataclass(frozen=True)
class Limits:
    """What one kernel and everything that it starts may use together."""

    seconds: float = 150.0
    memory_mb: float = 2000
    processes: float = 64
    file_mb: float = 64


UNLIMITED = Limits(math.inf, math.inf, math.inf, math.inf)


def kernel_environment(scratch: str) -> dict[str, str]:
    """Build the environment of a kernel: nothing of ours, so neither secrets nor tell-tales."""
    return {
        **KERNEL_ENVIRONMENT,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "HOME": scratch,
        "TMPDIR": scratch,
        "IPYTHONDIR": f"{scratch}/.ipython",
        "JUPYTER_CONFIG_DIR": f"{scratch}/.jupyter",
        "MPLCONFIGDIR": f"{scratch}/.matplotlib",
        "KERAS_HOME": f"{scratch}/.keras",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


class Zygote:
    """A running `python -m grader.zygote`, shared by this process and all that it forks."""

    def __init__(self, framework: str, environment: Mapping[str, str] = KERNEL_ENVIRONMENT) -> None:
        self.framework = framework
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # A file and not a pipe: nobody reads it unless the imports fail, and a pipe would fill.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the zygote)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grader.zygote", str(theirs.fileno()), framework],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self._failure = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Block until the imports are done; raises LaunchError where they fail."""
        with self._ask({}) as answer:
            if not answer.recv(1):
                self._fail("no answer")

    def launch(
        self, argv: list[str], scratch: str, limits: Limits, containment: str = "landlock"
    ) -> KernelProcess:
        """Ask for a kernel that works in `scratch`/work; returns as soon as it is forked.

        That is after the imports: a zygote that is still at them finds the request afterwards.
        """
        work = f"{scratch}/work"
        return self._launch(argv, scratch, work, kernel_environment(work), limits, containment)

    def launch_at_home(
        self, argv: list[str], scratch: str, folder: str, environment: dict[str, str]
    ) -> KernelProcess:
        """Ask for a kernel for one's own work: in that folder, uncontained, without limits."""
        return self._launch(argv, scratch, folder, environment, UNLIMITED, "none")

    def _launch(
        self,
        argv: list[str],
        scratch: str,
        folder: str,
        environment: dict[str, str],
        limits: Limits,
        containment: str,
    ) -> KernelProcess:
        request = {
            "argv": argv,
            "env": environment,
            "scratch": scratch,
            "folder": folder,
            "limits": vars(limits),
            "containment": containment,
        }
        connection = self._ask(request)
        process = KernelProcess(connection)
        if not process.pid:
            try:
                self.wait_until_ready()
            except LaunchError:  # it is the zygote that is gone
                connection.close()
                raise
        return process

    def _ask(self, request: dict[str, Any]) -> socket.socket:
        """Send a request; return the connection that the answer comes on."""
        if self._failure:  # known to this process, or inherited by it
            raise LaunchError(self._failure)
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
        except OSError as error:
            ours.close()
            self._fail(str(error.strerror))
        return ours

    def _fail(self, how: str) -> NoReturn:
        """Remember, and raise, why there are no kernels from here any more."""
        said = os.pread(self._errors.fileno(), 1 << 16, 0).decode(errors="replace").strip()
        last = said.splitlines()[-1] if said else ""
        what = f"ended: {last}" if last else f"is gone ({how})"
        self._failure = f"the {self.framework} zygote {what}"
        raise LaunchError(self._failure)

    def close(self) -> None:
        """End the zygote, unless others still use it; kernels that it forked live on."""
        self._failure = self._failure or f"the {self.framework} zygote is gone (closed)"
        self._control.close()
        self._errors.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)


class KernelProcess:
    """One kernel and its supervisor, with the part of `subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._incoming = b""
        self._exit: dict[str, Any] | None = None
        self.pid: int = self._read_message(block=True).get("pid", 0)

    def _read_message(self, block: bool) -> dict[str, Any]:
        """Read the supervisor's next message; {} when there is none yet."""
        self._connection.setblocking(block)
        while b"\n" not in self._incoming:
            try:
                data = self._connection.recv(1 << 16)
            except BlockingIOError:
                return {}
            except OSError:
                data = b""
            if not data:  # the supervisor itself is gone, and with it the kernel's lifeline
                lost = {"reason": "abandoned", "at": math.inf, "peak_mb": 0, "log": ""}
                return {"exit": -signal.SIGKILL, **lost}
            self._incoming += data
        line, _, self._incoming = self._incoming.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    @property
    def returncode(self) -> int | None:
        return None if self._exit is None else int(self._exit["exit"])

    @property
    def reason(self) -> str:
        """Which limit ended it: "memory", "processes", "time", "abandoned", or "" for none."""
        return "" if self._exit is None else str(self._exit["reason"])

    @property
    def ended_at(self) -> float:
        """When, by `time.monotonic()`, its end or the broken limit was seen; inf while it runs."""
        return math.inf if self._exit is None else float(self._exit["at"])

    @property
    def peak_mb(self) -> float:
        return 0.0 if self._exit is None else float(self._exit["peak_mb"])

    @property
    def log(self) -> str:
        """What a kernel that failed to start had to say."""
        return "" if self._exit is None else str(self._exit["log"])

    def poll(self) -> int | None:
        """Return the kernel's exit status once everything that it started is dead, else None."""
        if self._exit is None:
            message = self._read_message(block=False)
            if "exit" in message:
                self._end(message)
        return self.returncode

    def wait(self) -> int:
        """Block until the kernel and everything that it started is dead."""
        while self._exit is None:
            message = self._read_message(block=True)
            if "exit" in message:
                self._end(message)
        return int(self._exit["exit"])

    async def ended(self) -> None:
        """Wait, without blocking the event loop, until `poll` has an answer."""
        loop = asyncio.get_running_loop()
        while self.poll() is None:
            readable = asyncio.Event()
            loop.add_reader(self._connection, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._connection)

    def _end(self, message: dict[str, Any]) -> None:
        self._exit = message
        self._connection.close()

    def send_signal(self, number: int) -> None:
        """Pass a signal on to the kernel."""
        if self._exit is None:
            try:
                self._connection.sendall(json.dumps({"signal": int(number)}).encode() + b"\n")
            except OSError:
                self.poll()

    def terminate(self) -> None:
        """End the kernel; there is nothing of a student's that deserves a gentle end."""
        self.send_signal(signal.SIGKILL)

    kill = terminate


_zygotes: dict[tuple[str, bool], Zygote] = {}
_one_at_a_time = threading.Lock()


def zygote_for(framework: str, at_home: bool = False) -> Zygote:
    """Return this process's zygote of `framework`, starting it on the first call.

    One for kernels `at_home` has the machine's GPUs and all its cores. A process forked later
    inherits it; the zygote ends with the last of them.
    """
    key = framework, at_home
    with _one_at_a_time:
        if key not in _zygotes:
            _zygotes[key] = Zygote(framework, _environment(at_home))
        return _zygotes[key]


def _environment(at_home: bool) -> dict[str, str]:
    return IMPORT_ENVIRONMENT if at_home else KERNEL_ENVIRONMENT


def launch(
    framework: str,
    argv: list[str],
    scratch: str,
    limits: Limits,
    containment: str = "landlock",
    warm: bool = True,
) -> tuple[KernelProcess, str]:
    """Start a contained kernel, warm where possible.

    Returns the process and how it started: "warm", or "cold: " and the reason. A cold kernel
    comes from a zygote of its own that has nothing imported, so its containment is the same.
    """
    return _launch(
        framework, lambda zygote: zygote.launch(argv, scratch, limits, containment), warm, False
    )


def launch_at_home(
    framework: str, argv: list[str], scratch: str, folder: str, environment: dict[str, str]
) -> tuple[KernelProcess, str]:
    """Start a kernel for one's own work, warm where possible; returns what `launch` does."""
    return _launch(
        framework,
        lambda zygote: zygote.launch_at_home(argv, scratch, folder, environment),
        True,
        True,
    )


def _launch(
    framework: str, start: Callable[[Zygote], KernelProcess], warm: bool, at_home: bool
) -> tuple[KernelProcess, str]:
    reason = "asked for"
    if warm:
        try:
            return start(zygote_for(framework, at_home)), "warm"
        except LaunchError as error:
            reason = str(error)
    cold = Zygote("none", _environment(at_home))
    try:
        return start(cold), f"cold: {reason}"
    finally:
        cold.close()
