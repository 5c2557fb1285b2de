"""A process that has a framework imported and forks a contained kernel whenever it is asked to.

`python -m grader.zygote FD FRAMEWORK` serves requests from the socket FD: one JSON message each,
with the file descriptor of a connection for the kernel's supervisor. An empty request only asks
whether the imports are done, and is answered on that connection. The socket has no address: only a
process that inherited the other end of the socket can ask, so no kernel can. It ends when the last
of them has closed that end.

It imports and does nothing else: no tensor operation, no session, no thread. A thread pool does
not survive a fork.
"""

from __future__ import annotations

import codecs
import gc
import importlib
import io
import json
import math
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from . import sandbox
from .supervisor import die_with_parent, live_on, supervise

# What a kernel of ipykernel 7 has imported by the time that it is idle and has run one cell
# (`sys.modules` of a forked kernel against that of its zygote), and what lessons import.
JUPYTER_MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.pylab.backend_inline",
    "ipykernel.comm",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.magics",
    "IPython.core.historyapp",
    "IPython.utils.generics",
    "tornado.platform.asyncio",
    "zmq.eventloop.zmqstream",
    "asyncio",
    "concurrent.futures.thread",
    "curses",
    "jedi",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "numpy.random",
    "numpy.testing",
    "unittest.mock",
    "sklearn.datasets",
    "sqlite3",
    "stack_data",
    "sandlock",
)
FRAMEWORK_MODULES = {
    # torch imports `torch._dynamo` with the first optimizer, which takes it two seconds.
    "torch": ("torch", "torch.nn", "torch.testing", "torch.optim", "torch._dynamo"),
    "tensorflow": ("tensorflow", "keras", "keras.ops", "keras.saving"),
}


def preload(framework: str) -> None:
    """Import what kernels of `framework` need; what is not there is left out."""
    for name in (*JUPYTER_MODULES, *FRAMEWORK_MODULES.get(framework, ())):
        with suppress(ImportError):
            importlib.import_module(name)
    if "tensorflow" in sys.modules:  # `tf.keras` and friends are lazy: look at them once
        with suppress(AttributeError):
            _ = sys.modules["tensorflow"].keras.Sequential


def become_kernel(request: dict[str, Any]) -> NoReturn:
    """Turn this freshly forked process into a contained kernel, and serve until told to stop.

    `request` holds: argv (of the kernel, without the program), env, folder (to work in), scratch
    (folder for its sockets), limits, containment, log (file descriptor for a failing start).
    Uncontained and without limits it is like any kernel of Jupyter, but for its start.
    """
    os.setsid()
    die_with_parent()  # the supervisor: without it nobody would end this process
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = request["log"]
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, log)
    os.closerange(log + 1, 4096)
    os.environ.clear()
    os.environ.update(request["env"])
    limits = request["limits"]
    at_home = all(map(math.isinf, limits.values()))
    # A student's module beside the notebook must not replace one that the kernel needs, so the
    # working folder comes last and not first.
    sys.path[:] = [path for path in sys.path if path and (at_home or _is_installed(path))]
    sys.path.append("")
    os.chdir(request["folder"])
    sys.argv = ["ipykernel_launcher.py", *request["argv"]]
    _forget_the_zygote()

    contained = request["containment"] != "none"
    if not at_home:
        sandbox.limit_sizes(limits["memory_mb"], limits["file_mb"])
    if contained:
        sandbox.confine_files(request["containment"], Path(request["scratch"]))
        sandbox.drop_capabilities()

    from ipykernel import compiler, zmqshell
    from ipykernel.kernelapp import IPKernelApp

    options = request["argv"]
    if not at_home:
        # Names the file that a cell is compiled as. ipykernel's own hash is for the debugger, and
        # is written in Python: a tenth of the time of a cell that does little.
        compiler.murmur2_x86 = lambda code, seed: zlib.crc32(code.encode(), seed)
        # A history on disk would end with the scratch folder, and be written after each cell.
        # nbclient may have asked for this already, and twice is an error.
        options = list(dict.fromkeys([*options, "--HistoryManager.hist_file=:memory:"]))
    if contained:
        zmqshell.system = run_in_shell  # type: ignore[attr-defined, assignment]

    app = IPKernelApp.instance()
    app.initialize(options)
    # Matplotlib does this when it is imported in a kernel. The zygote had no shell to tell.
    assert app.shell is not None
    app.shell.enable_matplotlib("inline")
    if contained:
        sandbox.confine_calls()
    os.close(log)
    app.start()
    os._exit(0)


def run_in_shell(command: str) -> int:
    """Run what follows a `!` in a cell, print what it prints, return its exit status.

    Stands in for IPython's own, which needs a terminal. A contained kernel has none: it could only
    have all of them, those of the host's users too.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    process = subprocess.Popen(
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert isinstance(process.stdout, io.BufferedReader)
    with process:
        try:
            while data := process.stdout.read1(1 << 16):
                print(decoder.decode(data), end="", flush=True)
        except BaseException:
            process.kill()
            raise
    code = process.returncode
    return 128 - code if code > 128 else code  # by a signal: its number, negative


def _is_installed(path: str) -> bool:
    return "site-packages" in path or path.startswith((sys.base_prefix, sys.prefix))


def _forget_the_zygote() -> None:
    """Give the fork a random state and a temporary folder of its own, and hide our modules."""
    random.seed()
    tempfile.tempdir = None  # found out, and kept, when the zygote imported something
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    for name in [name for name in sys.modules if name.split(".")[0] == "grader"]:
        del sys.modules[name]


def serve(control: socket.socket) -> None:
    """Fork a supervisor for each request, until nobody is left who could send one."""
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 1)
        except InterruptedError:
            continue
        if not message:
            return
        request = json.loads(message)
        if not request:
            with suppress(OSError):
                os.write(descriptors[0], b"!")
        elif os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                with socket.socket(fileno=descriptors[0]) as connection:
                    supervise(connection, request, become_kernel)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def main() -> None:
    """Import, and serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    framework = sys.argv[2]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command that started us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are nobody's business
    if sys.path[0] in ("", str(Path.cwd())):  # put there by `python -m`
        del sys.path[0]
    die_with_parent()  # until there is an ear for the other end of the socket, it would go on alone
    preload(framework)
    live_on()
    if threading.active_count() > 1:
        sys.exit(f"importing {framework} started a thread, which a fork would lose")
    with suppress(OSError):  # stderr is read for the reason of a failing start: this one succeeded
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)
    gc.collect()
    gc.freeze()  # keeps the collector of a fork from touching, and so copying, every page
    serve(control)


if __name__ == "__main__":
    main()
