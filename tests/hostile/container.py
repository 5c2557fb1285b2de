"""Runs a command as an ordinary user, in namespaces and limits of its own; only root can do that.

The command sees no process but its own, no network but a loopback device of its own, and an empty
/tmp. When it ends, or has had its time, everything that it started is killed.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import pwd
import resource
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

UNSHARE = [
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--net",
    "--ipc",
]
USER = "nobody"
MASKED = ("/tmp", "/dev/shm")
"""Folders that are empty in there, but for what is kept."""
START_SECONDS = 20
END_SECONDS = 5
"""What still runs so long after the command was left; a zygote, told to go, takes 0.2 s."""
_NOSUID, _NODEV, _BIND, _REC = (1 << bit for bit in (1, 2, 12, 14))
_NO_NEW_PRIVILEGES = 38
_UP = struct.pack("16sh14x", b"lo", 1)  # struct ifreq with IFF_UP
_SET_FLAGS = 0x8914  # SIOCSIFFLAGS


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    `status` is None where it ran out of time, `left` is what it left running (END_SECONDS after its
    end), `reached` names the listeners that somebody connected to.
    """

    status: int | None
    output: str
    left: list[str]
    reached: list[str]


def lacking() -> str:
    """Say why nothing can be run in here, "" where it can."""
    if os.getuid() != 0:
        return "only root can become another user"
    if shutil.which(UNSHARE[0]) is None:
        return "there is no unshare on the PATH"
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else ""


def run(
    words: list[str],
    cwd: Path,
    env: dict[str, str],
    kept: Iterable[Path] = (),
    seconds: float = 120,
    memory_mb: int = 6000,
    listeners: Iterable[str] = (),
) -> Outcome:
    """Run a command in `cwd` for at most `seconds`; `kept` and Python are there to be read.

    `memory_mb` bounds the allocations of each process. A listener is a port of 127.0.0.1 or the
    path of a Unix socket, which listens for as long as the command runs.
    """
    needed = {path.resolve() for path in (Path(sys.base_prefix), Path(sys.prefix), cwd, *kept)}
    kept = [path for path in sorted(needed) if needed.isdisjoint(path.parents)]
    order = {
        "words": words,
        "cwd": str(cwd),
        "env": env,
        "kept": list(map(str, kept)),
        "masked": [*MASKED, *sorted({*filter(None, map(_barrier, kept))})],
        "seconds": seconds,
        "memory": memory_mb << 20,
        "listeners": list(listeners),
    }
    done = subprocess.run(
        [*UNSHARE, sys.executable, __file__],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=seconds + START_SECONDS + END_SECONDS,
        check=False,
    )
    if done.returncode or not done.stdout:
        raise RuntimeError(f"the container did not come up: {done.stderr}")
    return Outcome(**json.loads(done.stdout))


def _barrier(path: Path) -> str:
    """Find the topmost folder above `path` that an ordinary user may not pass, "" for none."""
    if any(path.is_relative_to(folder) for folder in MASKED):
        return ""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return str(folder)
    return ""


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    words = [None if text is None else text.encode() for text in (source, target, kind)]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(*words, ctypes.c_ulong(flags), data.encode() or None):
        raise OSError(ctypes.get_errno(), f"mount {target}: {os.strerror(ctypes.get_errno())}")


def _mask(masked: list[str], kept: list[str]) -> None:
    """Put empty folders in place of `masked`, and what is kept into them."""
    handles = {path: os.open(path, os.O_PATH) for path in kept}
    for path in masked:
        mode = "1777" if path in MASKED else "755"
        _mount("tmpfs", path, "tmpfs", _NOSUID | _NODEV, f"size=4g,mode={mode}")
    for path, handle in handles.items():
        if any(Path(path).is_relative_to(folder) for folder in masked):
            Path(path).mkdir(parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{handle}", path, None, _BIND | _REC)
        os.close(handle)


def _listen(where: str) -> socket.socket:
    if where.isdigit():
        server = socket.create_server(("127.0.0.1", int(where)))
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(where)
        Path(where).chmod(0o777)
        server.listen()
    server.settimeout(0)
    return server


def _others() -> list[str]:
    """List the commands that run in this process namespace beside its first process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
            if folder.name != "1" and command:  # a zombie has none
                found.append(command[:200])
    return found


def _left() -> list[str]:
    """List the commands that do not end by themselves within END_SECONDS."""
    until = time.monotonic() + END_SECONDS
    while (others := _others()) and time.monotonic() < until:
        time.sleep(0.05)
    return others


def main() -> None:
    """Be the first process of the namespaces: prepare them, run the command, say how it went."""
    order = json.load(sys.stdin)
    _mask(order["masked"], order["kept"])
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, _UP)
    servers = {where: _listen(where) for where in order["listeners"]}
    user = pwd.getpwnam(USER)

    def limit() -> None:
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (order["memory"], order["memory"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with Path("/tmp/output").open("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            order["words"],
            cwd=order["cwd"],
            env={**order["env"], "HOME": "/tmp"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            umask=0o022,
            preexec_fn=limit,
        )
        try:
            status = process.wait(order["seconds"])
        except subprocess.TimeoutExpired:
            status = None
        left = _left() if status is not None else []
        reached = []
        for where, server in servers.items():
            with suppress(BlockingIOError):
                server.accept()
                reached.append(where)
        output.seek(0)
        said = output.read()[-20_000:]
    json.dump({"status": status, "output": said, "left": left, "reached": reached}, sys.stdout)


if __name__ == "__main__":
    main()
