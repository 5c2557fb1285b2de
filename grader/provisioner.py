"""Kernel provisioners that start kernels from a zygote: contained, or for one's own work.

jupyter_client finds them through the entry point `jupyter_client.kernel_provisioners` and uses
them for the kernel specs that name them, so nbgrader, nbclient, nbval and Jupyter get them without
a patch.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Enum, Integer, Unicode

from . import sandbox
from .launcher import KernelProcess, Limits, launch, launch_at_home
from .zygote import FRAMEWORK_MODULES

COPIED_MB = 64
COPIED_FILES = 1000
"""A submission may bring this much data along; what is beyond stays behind."""
SOCKET_PATH_LIMIT = 107 - len("/scratch-12345678/kernel-5")


class ContainedProvisioner(LocalProvisioner):
    """Starts a kernel in a process tree, a scratch folder and a sandbox of its own.

    Jupyter's messages travel over Unix sockets in the scratch folder, because a contained kernel
    has no network. The kernel sees a copy of its working folder (see `copy_inputs`) and what it
    writes is gone when it ends.
    """

    framework = Unicode(help="Which framework the kernel has imported at the start.").tag(
        config=True
    )
    warm = Bool(True, help="Fork from a zygote; False starts every kernel cold.").tag(config=True)
    containment = Enum(
        ("auto", *sandbox.CONTAINMENTS, "none"),
        "auto",
        help="What keeps a kernel to itself; auto takes the strongest that the machine has, none "
        "lets notebooks do what they like with your files.",
    ).tag(config=True)
    seconds = Integer(150, help="Longest that a kernel may live.").tag(config=True)
    memory_mb = Integer(2000, help="Resident memory of all that a kernel starts.").tag(config=True)
    processes = Integer(64, help="Processes that a kernel may have at once.").tag(config=True)
    file_mb = Integer(64, help="Largest file that a kernel may write.").tag(config=True)

    start_kind = ""
    """After launch: "warm", or "cold: " and the reason."""
    process: KernelProcess | None  # type: ignore[assignment]  # in place of Popen
    _scratch: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Move the kernel's connection to Unix sockets in a new scratch folder."""
        if self.containment == "auto":
            try:
                self.containment = sandbox.strongest()
            except sandbox.SandboxError as error:
                raise sandbox.SandboxError(
                    f"cannot start a contained kernel: {error}. Plain notebooks run with the "
                    "kernel python3, which contains nothing."
                ) from error
        if self._scratch is None:
            base = tempfile.gettempdir()
            self._scratch = Path(
                tempfile.mkdtemp(
                    prefix="scratch-", dir=base if len(base) <= SOCKET_PATH_LIMIT else "/tmp"
                )
            )
            (self._scratch / "work").mkdir()
            manager = self.parent
            assert manager is not None
            manager.cache_ports = False
            manager.transport = "ipc"
            manager.ip = str(self._scratch / "kernel")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel. `cmd` is the argv of the kernel spec; what follows its `-f` counts."""
        assert self._scratch is not None
        self.cwd = kwargs.get("cwd") or str(Path.cwd())
        copy_inputs(Path(self.cwd), self._scratch / "work")
        connection_file = self._scratch / "kernel.json"
        argv = cmd[cmd.index("-f") :]
        shutil.copyfile(argv[1], connection_file)
        self.process, self.start_kind = launch(
            self.framework,
            ["-f", str(connection_file), *argv[2:]],
            str(self._scratch),
            Limits(self.seconds, self.memory_mb, self.processes, self.file_mb),
            self.containment,
            self.warm,
        )
        if self.start_kind != "warm" and self.warm:
            self.log.warning("kernel for %s starts %s", self.framework, self.start_kind)
        self.pid = self.process.pid
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the end of the kernel and of everything that it started."""
        if self.process is None:
            return 0
        await self.process.ended()
        returncode = self.process.returncode
        if self.process.log:  # of a start that failed, which clients call a dead kernel
            self.log.error("the kernel did not start: %s", self.process.log.strip())
        self.process = None
        return returncode

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel, and be back when it is dead; jupyter_client looks every 0.1 s only."""
        await super().kill(restart=restart)
        if self.process is not None:
            await self.process.ended()

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the scratch folder unless the kernel is to start again in it."""
        await super().cleanup(restart=restart)
        if self._scratch is not None and not restart:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


class HomeProvisioner(ContainedProvisioner):
    """Starts a kernel for one's own work: forked warm, in its notebook's folder, uncontained.

    For JupyterLab on a student's machine, by way of `grader.home`. The first start waits for the
    import that the notebook would wait for; a restart is ready at once.
    """

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Move the kernel's connection to Unix sockets in a new scratch folder."""
        self.containment = "none"
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel from the zygote that its notebook's name asks for."""
        self.cwd = kwargs.get("cwd") or str(Path.cwd())
        environment = kwargs["env"]
        self.framework = guess_framework(environment.get("JPY_SESSION_NAME", ""), Path(self.cwd))
        # In a thread: the server has other work to do while a framework is imported.
        process, self.start_kind = await asyncio.to_thread(
            launch_at_home,
            self.framework,
            cmd[cmd.index("-f") :],
            str(self._scratch),
            self.cwd,
            environment,
        )
        self.process, self.pid = process, process.pid
        return self.connection_info


def guess_framework(session: str, folder: Path) -> str:
    """Guess which framework a kernel will import; "none" where nothing tells.

    `session` is the path of a notebook, as JupyterLab gives it. nbgrader's Validate gives none, but
    JupyterLab saves the notebook just before, so it is the one that was changed last. A wrong guess
    costs the import that it would have saved.
    """

    def changed(path: Path) -> float:
        with suppress(OSError):
            return path.stat().st_mtime
        return 0.0

    name = session or str(max(folder.glob("*.ipynb"), key=changed, default=""))
    framework = Path(name).stem.rpartition("_")[2]
    return framework if framework in FRAMEWORK_MODULES else "none"


def inputs(source: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (place, path) of what a notebook may read beside itself: plain files, within limits.

    Left out: notebooks (an autograded one holds the hidden tests), links (they may lead to the
    host's files), hidden files, what cannot be read, folders below the third level, and files named
    like an installed module.
    """
    left, count = COPIED_MB << 20, 0
    for folder, subfolders, files in os.walk(source):  # which does not follow links
        inside = Path(folder).relative_to(source)
        subfolders[:] = [] if len(inside.parts) >= 2 else sorted(filter(_is_input, subfolders))
        for name in sorted(filter(_is_input, files)):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file() or not os.access(path, os.R_OK):
                continue
            left, count = left - path.stat().st_size, count + 1
            if left < 0 or count > COPIED_FILES:
                return
            yield inside / name, path


def copy_inputs(source: Path, target: Path) -> None:
    """Copy the `inputs` of a folder to another."""
    for place, path in inputs(source):
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / place)


def _is_input(name: str) -> bool:
    """Tell whether a file or folder may come along: no notebook, no namesake of a module."""
    if name.startswith((".", "__")) or name.endswith(".ipynb"):
        return False
    return name.partition(".")[0] not in _MODULES


_MODULES = frozenset(sys.stdlib_module_names) | {"torch", "tensorflow", "keras", "numpy"}
