"""Where submissions are graded: processes of this machine, or a Dask cluster.

Both are a `concurrent.futures.Executor`, and a task carries all that it needs, so nothing else
tells them apart. Workers of a cluster need no folder in common with this machine: Python, this
package in the same version, and Linux.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from . import __version__
from .errors import GraderError
from .supervisor import die_with_parent

CONNECT_SECONDS = 10
"""Longest to wait for a scheduler to answer, and then for a first worker."""


@dataclass(frozen=True)
class Workers:
    """An executor, and how many submissions to have under way in it."""

    executor: Executor
    width: int


def _start_worker() -> None:
    die_with_parent()  # a coordinator that is killed can end nobody
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator hears Ctrl-C and ends us


@contextmanager
def local_workers(jobs: int) -> Iterator[Workers]:
    """Start `jobs` processes here; an error or Ctrl-C ends them at once.

    They inherit the zygotes that this process has, also those that are still importing.
    """
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _start_worker)
    try:
        yield Workers(pool, 2 * jobs)  # one under way and one waiting for each
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def dask_workers(scheduler: str) -> Iterator[Workers]:
    """Connect to the Dask cluster whose scheduler listens at an address such as tcp://host:8786."""
    try:
        from distributed import Client
    except ImportError as error:
        raise GraderError(
            "a Dask cluster needs the package distributed: pip install 'frameworks-inside[dask]'"
        ) from error
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GraderError(
            f"no scheduler answers at {scheduler} ({error}); start one with: dask scheduler"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise GraderError(
                f"the scheduler at {scheduler} has no workers; start one per core, on any machine "
                f"that reaches it: dask worker {scheduler} --nthreads 1"
            ) from error
        _insist_on_same_version(client)
        slots = sum(client.nthreads().values())
        # A worker that is lost has its submissions graded elsewhere, by Dask itself.
        executor = client.get_executor(pure=False, retries=2)
        try:
            yield Workers(executor, 2 * slots)
        finally:
            executor.shutdown(wait=False)


def _insist_on_same_version(client: Any) -> None:
    """Refuse workers that would grade by other rules than this process."""
    try:
        versions = client.run(_version)
    except Exception as error:  # whatever a foreign worker raises, its message comes along
        raise GraderError(
            f"a worker cannot import this package ({error}); install it there"
        ) from error
    for address, version in versions.items():
        if version != __version__:
            raise GraderError(
                f"the worker {address} has version {version} of this package, here is "
                f"{__version__}; install the same version there"
            )


def _version() -> str:
    return __version__
