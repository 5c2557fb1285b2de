"""Contains the calling process: files by Landlock or namespaces, calls by seccomp, sizes by limits.

Called by a freshly forked kernel, in this order, before it has read a byte of a student's:
`limit_sizes`, `confine_files` and `drop_capabilities` (before any thread exists, because these hold
for the calling thread and for what it starts), then, once Jupyter's sockets are bound,
`confine_calls`, which reaches threads that exist already.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import site
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

from . import namespaces

CONTAINMENTS = ("landlock", "namespaces")
"""What keeps a kernel from files and processes that are not its own; strongest first."""

# What a Python with plotting reads outside its own folders. Not all of /etc: a kernel started by
# root could read /etc/shadow.
SYSTEM_READABLE = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/fonts",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/dev/full",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)


class SandboxError(RuntimeError):
    """This machine cannot contain a kernel; the message says what is missing."""


def readable_paths() -> list[str]:
    """List what a kernel may read: the system's libraries, this Python and its packages.

    The folder of the project itself is not among them, even where the package is installed in
    editable mode: it holds the solutions.
    """
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()}
    return [path for path in (*SYSTEM_READABLE, *sorted(python)) if Path(path).exists()]


def confine_files(containment: str, scratch: Path) -> None:
    """Let this process write in `scratch` only, read `readable_paths()`, signal only its own.

    `containment` is "landlock" or "namespaces" (see `grader.namespaces`; entered by whoever forked
    this process). Raises SandboxError where it is missing.
    """
    try:
        if containment == "namespaces":
            namespaces.move_in(scratch, readable_paths())
            return
        import sandlock

        policy = sandlock.Sandbox(
            fs_readable=[*readable_paths(), f"/proc/{os.getpid()}"],
            fs_writable=[str(scratch), "/dev/null"],
        )
        sandlock.confine(policy)
    except Exception as error:
        raise SandboxError(f"{containment} is not available here ({error})") from error


def limit_sizes(memory_mb: int, file_mb: int) -> None:
    """Bound this process's own allocations (beyond what it has) and the files that it writes.

    RLIMIT_DATA and not RLIMIT_AS: the frameworks map gigabytes that they never touch. Memory of
    several processes together is for the supervisor to watch.
    """
    data_kb = next(
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmData")
    )
    _lower(resource.RLIMIT_DATA, (data_kb << 10) + (memory_mb << 20))
    _lower(resource.RLIMIT_FSIZE, file_mb << 20)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 1024)


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


# --- seccomp -----------------------------------------------------------------------------------
# A classic BPF program, because the only maintained Python binding needs libseccomp and a
# compiler. Numbers from the kernel's asm/unistd.h for the architectures named.

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {
    # No network, and no way to a local daemon either: the kernel's own sockets are bound by now.
    # io_uring could open sockets past this filter.
    "socket": (41, 198),
    "io_uring_setup": (425, 425),
    # No looking into other processes, and no new privileges or name spaces.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "swapon": (167, 224),
    # No memory that belongs to no process, or outlives all of them.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # No say in what other processes of the same user get of the machine.
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
}
_IGNORED = {
    # Landlock holds back signals, and does not know these. Not refused: libzmq aborts when it may
    # not set what a thread of its own has already.
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    # Landlock does not cover who owns a file, its mode, its times or its attributes. These calls
    # answer "done" and do nothing, so that shutil.copy goes on working.
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
# As those above, but without times (a touch) it is refused: pathlib's touch then makes the file,
# where it takes a "done" for the news that it is there.
_TOUCH = {"utimensat": (280, 88)}
# The first argument names a process; 0 is the caller itself and the only one allowed.
_ON_ITSELF = {"prlimit64": (302, 261)}
_EPERM = 1
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_X32_BIT = 0x40000000


def _program() -> bytes:
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise SandboxError(f"no seccomp filter for the processor {machine}")
    column = list(_ARCHITECTURES).index(machine)

    def instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    program = [
        instruction(_LOAD, 4),  # the architecture
        instruction(_JUMP_EQUAL, _ARCHITECTURES[machine], 1, 0),
        instruction(_RETURN, _KILL_PROCESS),
        instruction(_LOAD, 0),  # the number of the call
    ]
    if machine == "x86_64":  # the x32 numbers would name the same calls a second time
        program += [
            instruction(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1),
            instruction(_RETURN, _KILL_PROCESS),
        ]
    for calls, errno in ((_REFUSED, _EPERM), (_IGNORED, 0)):
        for numbers in calls.values():
            number = numbers[column]
            if number is not None:
                program += [
                    instruction(_JUMP_EQUAL, number, 0, 1),
                    instruction(_RETURN, _ERRNO | errno),
                ]
    for numbers in _TOUCH.values():
        program += [
            instruction(_JUMP_EQUAL, numbers[column], 0, 6),
            instruction(_LOAD, 32),  # the third argument, a pointer, in two halves
            instruction(_JUMP_EQUAL, 0, 0, 3),
            instruction(_LOAD, 36),
            instruction(_JUMP_EQUAL, 0, 0, 1),
            instruction(_RETURN, _ERRNO | _EPERM),
            instruction(_RETURN, _ERRNO),
        ]
    for numbers in _ON_ITSELF.values():
        program += [
            instruction(_JUMP_EQUAL, numbers[column], 0, 4),
            instruction(_LOAD, 16),  # the first argument, of which a process id is the lower half
            instruction(_JUMP_EQUAL, 0, 1, 0),
            instruction(_RETURN, _ERRNO | _EPERM),
            instruction(_LOAD, 0),
        ]
    program.append(instruction(_RETURN, _ALLOW))
    return b"".join(program)


class _SockFprog(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def confine_calls() -> None:
    """Refuse the calls of `_REFUSED` in every thread of this process.

    Raises SandboxError where the machine has no seccomp.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS
        raise SandboxError("prctl(PR_SET_NO_NEW_PRIVS) failed")
    code = _program()
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _SockFprog(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    seccomp = {"x86_64": 317, "aarch64": 277}[platform.machine()]
    set_mode_filter, tsync = 1, 1
    if libc.syscall(seccomp, set_mode_filter, tsync, ctypes.byref(program)):
        raise SandboxError(f"seccomp failed: {os.strerror(ctypes.get_errno())}")


def drop_capabilities() -> None:
    """Empty the capability sets of this thread and of what it starts: root keeps only its name."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; EINVAL past the last one
    header = _CapHeader(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    if libc.capset(ctypes.byref(header), data):
        raise SandboxError(f"capset failed: {os.strerror(ctypes.get_errno())}")


def lacking() -> dict[str, str]:
    """Say what this machine lacks for each kind of containment, "" where it lacks nothing."""
    if sys.platform != "linux":
        what = f"{sys.platform} has neither; grade in a Linux container or virtual machine"
        return dict.fromkeys(CONTAINMENTS, what)
    try:
        _program()
    except SandboxError as error:
        return dict.fromkeys(CONTAINMENTS, str(error))
    return {"landlock": _lacking_landlock(), "namespaces": _lacking_namespaces()}


def _lacking_landlock() -> str:
    try:
        import sandlock

        if sandlock.landlock_abi_version() < sandlock.min_landlock_abi():
            return "this Linux kernel has no Landlock, or one that is too old"
    except Exception as error:
        return str(error)
    return ""


@cache
def _lacking_namespaces() -> str:
    """Try in a process of its own: only that one then has namespaces."""
    tried = subprocess.run(
        [sys.executable, "-m", "grader.namespaces"], capture_output=True, text=True, check=False
    )
    said = tried.stderr.strip().splitlines()[-1:] or ["no reason given"]
    return f"user namespaces are not allowed here ({said[0]})" if tried.returncode else ""


def strongest() -> str:
    """Choose the strongest containment that this machine has; raises SandboxError for none."""
    if not _lacking_landlock() and sys.platform == "linux":
        _program()
        return "landlock"
    missing = lacking()
    for containment, what in missing.items():
        if not what:
            return containment
    raise SandboxError("; ".join(dict.fromkeys(missing.values())))
