"""What a contained kernel can and cannot do. One real kernel, asked many questions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader import sandbox
from grader.run import RunLimits, run_notebook

ALLOWED = {
    "read its inputs": "open('data.txt').read() == 'data'",
    "write beside the notebook": "open('mine.txt', 'w').write('x')",
    "use a temporary folder": "tempfile.mkdtemp()",
    "write to /dev/null": "open('/dev/null', 'w').write('x')",
    "read the system's libraries": "open('/usr/bin/env', 'rb').read(4)",
    "read about itself": "open('/proc/self/status').read()",
    "start a process": "subprocess.check_output(['echo', 'x'])",
    "make a pair of sockets": "socket.socketpair()",
    "copy a file with its mode": "shutil.copy2('data.txt', 'copy.txt')",
    "know its limits": "resource.getrlimit(resource.RLIMIT_DATA)",
    "start threads": "futures.ThreadPoolExecutor(4).submit(int).result() == 0",
}
REFUSED = {
    "list the host": "os.listdir('/')",
    "list the home folder": "os.listdir('/root')",
    "read passwords": "open('/etc/shadow').read()",
    "read the grader's code": f"open({sandbox.__file__!r}).read()",
    "read a folder of the host": "open('@HOST@/secret').read()",
    "follow a link out": "os.symlink('@HOST@', 'link') or open('link/secret').read()",
    "link a file in": "os.link('@HOST@/secret', 'mine')",
    "write outside": "open('@HOST@/new', 'w')",
    "delete outside": "os.remove('@HOST@/secret')",
    "see other kernels": "os.listdir('/tmp')",
    "look into its supervisor": "open(f'/proc/{os.getppid()}/environ').read()",
    "signal its supervisor": "os.kill(os.getppid(), 0)",
    "limit its supervisor": "resource.prlimit(os.getppid(), 7, (3, 3))",
    "raise its own limit": "resource.setrlimit(1, (-1, -1))",
    "open a socket": "socket.socket()",
    "open a local socket": "socket.socket(socket.AF_UNIX)",
    "open a socket in a child": "subprocess.check_call(['python', '-c', CHILD], stderr=-3)",
    "hide memory in a file": "os.memfd_create('x')",
    "write a huge file": "open('huge', 'wb').truncate(1 << 40)",
    "mount": "libc.mount(b'none', b'.', b'tmpfs', 0, None) and fail()",
    "make a name space": "libc.unshare(0x10000000) and fail()",
    "leave shared memory": "libc.shmget(0, 4096, 0o1600) < 0 and fail()",
    "trace": "libc.ptrace(16, os.getppid(), 0, 0) and fail()",
}  # fmt: skip
PRELUDE = """\
import ctypes, os, resource, shutil, socket, subprocess, tempfile
from concurrent import futures
libc = ctypes.CDLL(None, use_errno=True)
CHILD = 'import socket; socket.socket()'
def fail(): raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def ask(text):
    try:
        eval(text)
        print("done")
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Ask one contained kernel everything; map each question to what it printed."""
    host = tmp_path_factory.mktemp("host")
    (host / "secret").write_text("secret")
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "data.txt").write_text("data")
    questions = {
        name: text.replace("@HOST@", str(host)) for name, text in (ALLOWED | REFUSED).items()
    }
    questions |= {
        "environment": "print(sorted(os.environ.items()))",
        "capabilities": "print([line for line in open('/proc/self/status') if 'Cap' in line])",
    }
    nb = new_notebook(cells=[new_code_cell(PRELUDE)])
    nb.cells += [
        new_code_cell(f"ask({text!r})" if not text.startswith("print") else text)
        for text in questions.values()
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_TOKEN", "nightingale")
        report = run_notebook(nb, "torch", str(folder), RunLimits(20, 60, 64))
    assert report.notes == []
    printed = ["".join(o.get("text", "") for o in cell.outputs) for cell in nb.cells[1:]]
    yield dict(zip(questions, printed, strict=True))
    assert sorted(path.name for path in host.iterdir()) == ["secret"]
    assert (host / "secret").read_text() == "secret"


@pytest.mark.parametrize("what", ALLOWED)
def test_a_contained_kernel_may(answers: dict[str, str], what: str) -> None:
    assert answers[what] == "done\n"


@pytest.mark.parametrize("what", REFUSED)
def test_a_contained_kernel_may_not(answers: dict[str, str], what: str) -> None:
    refused = (
        "PermissionError",
        "FileNotFoundError",
        "CalledProcessError",
        "OSError",
        "ValueError",
    )
    assert answers[what].startswith(refused)


def test_its_environment_holds_nothing_of_ours(answers: dict[str, str]) -> None:
    assert "PATH" in answers["environment"]
    for word in ("nightingale", "GRADER", "NBGRADER", "PYTEST", os.environ["HOME"] + "'"):
        assert word not in answers["environment"]


def test_it_has_no_capabilities_even_as_root(answers: dict[str, str]) -> None:
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert f"{name}:\\t{'0' * 16}" in answers["capabilities"]


def test_when_the_processor_is_unknown_then_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sandbox.available() is None
    monkeypatch.setattr("platform.machine", lambda: "abacus")
    assert sandbox.available() == "no seccomp filter for the processor abacus"


def test_when_the_system_is_no_linux_then_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert "grade in a Linux container" in str(sandbox.available())


def test_the_projects_own_folder_is_not_readable() -> None:
    project = Path(sandbox.__file__).parents[1].resolve()
    for path in sandbox.readable_paths():
        assert not project.is_relative_to(Path(path).resolve())
