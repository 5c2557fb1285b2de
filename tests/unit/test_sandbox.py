"""What a contained kernel can and cannot do. One real kernel, asked many questions."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

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
    "run a command of the shell": "get_ipython().system('true')",
    "make a pair of sockets": "socket.socketpair()",
    "copy a file with its mode": "shutil.copy2('data.txt', 'copy.txt')",
    "touch a file": "pathlib.Path('touched').touch() or pathlib.Path('touched').read_bytes()",
    "touch it again": "pathlib.Path('touched').touch()",
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
    "look into its supervisor": "open(f'/proc/{parent}/environ').read()",
    "signal its supervisor": "os.kill(parent, 0)",
    "limit its supervisor": "resource.prlimit(parent, 7, (3, 3))",
    "raise its own limit": "resource.setrlimit(1, (-1, -1))",
    "open a socket": "socket.socket()",
    "open a local socket": "socket.socket(socket.AF_UNIX)",
    "open a socket in a child": "subprocess.check_call(['python', '-c', CHILD], stderr=-3)",
    "hide memory in a file": "os.memfd_create('x')",
    "write a huge file": "open('huge', 'wb').truncate(1 << 40)",
    "mount": "libc.mount(b'none', b'.', b'tmpfs', 0, None) and fail()",
    "make a name space": "libc.unshare(0x10000000) and fail()",
    "leave shared memory": "libc.shmget(0, 4096, 0o1600) < 0 and fail()",
    "trace": "libc.ptrace(16, parent, 0, 0) and fail()",
}  # fmt: skip
# In namespaces of its own a kernel may look: there is nothing but its own.
OWN_VIEW = {
    "list the host": "its root holds what it may read and nothing else",
    "list the home folder": "it is there at most on the way to something that may be read",
    "see other kernels": "its /tmp holds its own scratch folder and nothing else",
}
PRELUDE = """\
import ctypes, os, pathlib, resource, shutil, socket, subprocess, tempfile
from concurrent import futures
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid() or 123456  # who is outside of a process namespace has no number in it
CHILD = 'import socket; socket.socket()'
def fail(): raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def ask(text):
    try:
        eval(text)
        print("done")
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.fixture(scope="module", params=sandbox.CONTAINMENTS)
def answers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Ask one kernel of each containment everything; map each question to what it printed."""
    if missing := sandbox.lacking()[request.param]:
        pytest.skip(missing)
    host = tmp_path_factory.mktemp("host")
    (host / "secret").write_text("secret")
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "data.txt").write_text("data")
    questions = {
        name: text.replace("@HOST@", str(host)) for name, text in (ALLOWED | REFUSED).items()
    }
    questions |= {
        "environment": "print(sorted(os.environ.items()))",
        "capabilities": "print([line for line in open('/proc/self/status')])",
        "kernels": "print(os.listdir('/tmp'))" if request.param == "namespaces" else "print()",
    }
    nb = new_notebook(cells=[new_code_cell(PRELUDE)])
    nb.cells += [
        new_code_cell(f"ask({text!r})" if not text.startswith("print") else text)
        for text in questions.values()
    ]
    config = Config(ContainedProvisioner={"containment": request.param})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_TOKEN", "nightingale")
        report = run_notebook(nb, "torch", str(folder), RunLimits(20, 60, 64), config)
    assert report.notes == []
    printed = ["".join(o.get("text", "") for o in cell.outputs) for cell in nb.cells[1:]]
    yield dict(zip(questions, printed, strict=True)) | {"containment": request.param}
    assert sorted(path.name for path in host.iterdir()) == ["secret"]
    assert (host / "secret").read_text() == "secret"


@pytest.mark.parametrize("what", ALLOWED)
def test_a_contained_kernel_may(answers: dict[str, str], what: str) -> None:
    assert answers[what] == "done\n"


@pytest.mark.parametrize("what", REFUSED)
def test_a_contained_kernel_may_not(answers: dict[str, str], what: str) -> None:
    if answers["containment"] == "namespaces" and what in OWN_VIEW:
        pytest.skip(OWN_VIEW[what])
    refused = (
        "PermissionError",
        "FileNotFoundError",
        "CalledProcessError",
        "OSError",
        "ProcessLookupError",
        "ValueError",
    )
    assert answers[what].startswith(refused)


def test_its_environment_holds_nothing_of_ours(answers: dict[str, str]) -> None:
    assert "PATH" in answers["environment"]
    for word in ("nightingale", "GRADER", "NBGRADER", "PYTEST", os.environ["HOME"] + "'"):
        assert word not in answers["environment"]


def test_it_has_no_capabilities_and_gets_none(answers: dict[str, str]) -> None:
    for name in ("CapPrm", "CapEff"):
        assert f"{name}:\\t{'0' * 16}" in answers["capabilities"]
    assert "NoNewPrivs:\\t1" in answers["capabilities"]


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user may not empty the bounding set")
def test_as_root_it_has_an_empty_bounding_set(answers: dict[str, str]) -> None:
    assert f"CapBnd:\\t{'0' * 16}" in answers["capabilities"]


def test_in_namespaces_it_sees_its_own_scratch_folder_only(answers: dict[str, str]) -> None:
    if answers["containment"] == "namespaces":
        seen = ast.literal_eval(answers["kernels"])  # this Python too, where it is below /tmp
        assert len([name for name in seen if name.startswith("scratch-")]) == 1


def test_without_landlock_namespaces_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sandbox.strongest() == "landlock"
    monkeypatch.setattr(sandbox, "_lacking_landlock", lambda: "no Landlock here")
    monkeypatch.setattr(sandbox, "_lacking_namespaces", lambda: "")
    assert sandbox.strongest() == "namespaces"


def test_when_the_processor_is_unknown_then_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "abacus")
    with pytest.raises(sandbox.SandboxError, match="no seccomp filter for the processor abacus"):
        sandbox.strongest()


def test_when_the_system_is_no_linux_then_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(sandbox.SandboxError, match="grade in a Linux container"):
        sandbox.strongest()


def test_the_projects_own_folder_is_not_readable() -> None:
    project = Path(sandbox.__file__).parents[1].resolve()
    for path in sandbox.readable_paths():
        assert not project.is_relative_to(Path(path).resolve())
