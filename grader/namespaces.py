"""Contains a kernel where there is no Landlock: user, mount, process, network and IPC namespaces.

No privilege is needed, only that the system lets ordinary users make user namespaces. The calls go
through libc, because Python has none of them before 3.12 and the tools that wrap them (bubblewrap,
unshare) start a program and cannot take over a process that has a framework imported.
"""

from __future__ import annotations

import ctypes
import os
import platform
import stat
from collections.abc import Iterable
from pathlib import Path

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _NOATIME, _NODIRATIME, _BIND, _REC, _PRIVATE = (
    *(1 << bit for bit in (0, 1, 2, 3, 5, 10, 11, 12, 14)),
    1 << 18,
)
_RELATIME, _DETACH = 1 << 21, 2
# What statvfs calls the flags of a mount that a remount in a user namespace has to repeat.
_LOCKED = {
    os.ST_NOSUID: _NOSUID,
    os.ST_NODEV: _NODEV,
    os.ST_NOEXEC: _NOEXEC,
    os.ST_NOATIME: _NOATIME,
    os.ST_NODIRATIME: _NODIRATIME,
    os.ST_RELATIME: _RELATIME,
}
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    words = [None if text is None else text.encode() for text in (source, target, kind)]
    _check(_libc().mount(*words, ctypes.c_ulong(flags), None), f"mount {target}")


def enter() -> None:
    """Give this process, which must have one thread, new namespaces; its user keeps its number.

    The next process that it forks is the first of the new process namespace: it can neither see nor
    signal any other, and when it ends, all in there end.
    """
    uid, gid = os.getuid(), os.getgid()
    _check(_libc().unshare(_NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")


def move_in(scratch: Path, readable: Iterable[str]) -> None:
    """Show this process nothing but `readable`, which it cannot change, and `scratch`.

    Called by the first process of the namespaces, in the folder that it is to work in.
    """
    here = Path.cwd()
    _mount("none", "/", None, _REC | _PRIVATE)
    root = scratch / "root"
    root.mkdir()
    _mount("tmpfs", str(root), "tmpfs", _NOSUID | _NODEV)
    for path in readable:
        if not path.startswith("/proc"):
            _bind(path, f"{root}{path}", _RDONLY)
    _bind(str(scratch), f"{root}{scratch}", 0)
    (root / "proc").mkdir()
    # Read-only: root's own number may write settings of the system there, without a capability.
    _mount("proc", f"{root}/proc", "proc", _NOSUID | _NODEV | _NOEXEC | _RDONLY)
    (root / "old").mkdir()
    number = _PIVOT_ROOT[platform.machine()]
    _check(_libc().syscall(number, str(root).encode(), f"{root}/old".encode()), "pivot_root")
    os.chdir("/")
    _check(_libc().umount2(b"/old", _DETACH), "umount2")
    Path("/old").rmdir()
    _mount("tmpfs", "/", None, _REMOUNT | _NOSUID | _NODEV | _RDONLY)
    os.chdir(here)


def _bind(source: str, target: str, extra: int) -> None:
    if stat.S_ISDIR(os.stat(source).st_mode):  # noqa: PTH116 (follows links, as mount does)
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    _mount(source, target, None, _BIND)
    flags = os.statvfs(target).f_flag
    kept = sum(ours for theirs, ours in _LOCKED.items() if flags & theirs)
    _mount(source, target, None, _REMOUNT | _BIND | kept | extra | (flags & os.ST_RDONLY))


def try_out() -> None:
    """Enter, fork and move in, in a temporary folder; raises OSError where that is not allowed."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp())
    try:
        enter()
        pid = os.fork()
        if pid == 0:
            try:
                os.chdir(folder)
                move_in(folder, ["/usr", "/dev/null"])
                os._exit(0)
            except OSError as error:
                os._exit(error.errno or 1)
        if status := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise OSError(status, os.strerror(status))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try_out()
