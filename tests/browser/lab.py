"""A JupyterLab server of its own for a test, and nothing of it left afterwards."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import urllib3

STUDENT = Path(__file__).parents[2] / "grader" / "jupyter"
_SECONDS_TO_START = 300
_SECONDS_TO_END = 60

# JupyterLab asks each new user whether it may fetch news; the answer of a test is no.
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
}


@dataclass(frozen=True)
class Lab:
    """A server that answers: where, and what it says to whoever started it."""

    url: str
    token: str
    root: Path
    log_path: Path

    def page(self, path: str) -> str:
        """Return the address of a page, for a browser that is not logged in yet."""
        return f"{self.url}{path}{'&' if '?' in path else '?'}token={self.token}"

    def api(self, path: str, method: str = "GET") -> Any:
        """Ask the server's API."""
        headers = {"Authorization": f"token {self.token}"}
        # The server says where it is a moment before it listens there.
        retries = urllib3.Retry(connect=12, read=0, backoff_factor=0.05)
        with urllib3.PoolManager(retries=retries, timeout=30) as http:
            answer = http.request(method, f"{self.url}api/{path}", headers=headers)
        assert answer.status < 400, f"{method} api/{path}: {answer.status}, {answer.data!r}"
        return json.loads(answer.data or "null")

    def log(self) -> str:
        """Return what the server has printed up to now."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running_lab(
    root: Path,
    home: Path,
    cwd: Path,
    settings: Mapping[str, object] | None = None,
    student: bool = False,
) -> Iterator[Lab]:
    """Serve the folder `root`; `home` takes what Jupyter and IPython write for themselves.

    `cwd` is where nbgrader looks for its configuration; `settings` are JupyterLab's. For a
    `student` it is what `make lab` opens.
    """
    labconfig = home / "config" / "labconfig"
    labconfig.mkdir(parents=True)
    (labconfig / "default_setting_overrides.json").write_text(
        json.dumps({**_SETTINGS, **(settings or {})})
    )
    (home / "ipython").mkdir()
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),  # a free port, of the system's choice
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={root}",
    ]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    if student:
        environment |= dict.fromkeys(("JUPYTER_PATH", "JUPYTER_CONFIG_PATH"), str(STUDENT))
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    log = _Log(process, home / "server.log")
    try:
        lab = Lab(log.url(), token, root, log.path)
        lab.api("status")
        yield lab
    finally:
        _end(process, environment["JUPYTER_RUNTIME_DIR"])
        log.close()


class _Log(threading.Thread):
    """Copies what a server prints to a file, and finds its address in it."""

    def __init__(self, process: subprocess.Popen[str], path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self._process = process
        self._address: str | None = None
        self._known = threading.Event()
        self.start()

    def run(self) -> None:
        assert self._process.stdout is not None
        with self.path.open("w", encoding="utf-8") as file:
            for line in self._process.stdout:
                file.write(line)
                file.flush()
                if found := re.search(r"(http://127\.0\.0\.1:\d+/)lab\?token", line):
                    self._address = found[1]
                    self._known.set()
        self._known.set()

    def url(self) -> str:
        """Wait until the server has said where it is."""
        self._known.wait(_SECONDS_TO_START)
        if self._address is None:
            raise AssertionError(f"JupyterLab did not start; it said:\n{self.path.read_text()}")
        return self._address

    def close(self) -> None:
        self.join(_SECONDS_TO_END)
        assert self._process.stdout is not None
        self._process.stdout.close()


def _end(process: subprocess.Popen[str], runtime: str) -> None:
    """End the server, which ends its kernels, and then whatever it has left behind."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_SECONDS_TO_END)
    left = _started_by(runtime)
    for each in left:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(left, _SECONDS_TO_END)
    process.wait(_SECONDS_TO_END)


def _started_by(runtime: str) -> list[psutil.Process]:
    """Find a server and all that it started, by the one thing that they all inherit."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("JUPYTER_RUNTIME_DIR") == runtime:
                found.append(process)
    return found
