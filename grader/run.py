"""Runs a restored notebook in contained kernels and reaches a verdict on each tests cell.

A cell that kills its kernel, fills its memory or runs too long, costs the notebook that cell and
not the rest: a new kernel runs the other cells again, without it, until each tests cell has a
verdict or the notebook's time is up.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import zmq
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.client import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from .evidence import (
    MIME,
    Baseline,
    Finding,
    is_memory_error,
    judge,
    order_tests,
    read_baseline,
    snapshot_order,
)
from .launcher import KernelProcess
from .provisioner import ContainedProvisioner
from .verdicts import CellReport, NotebookReport, Verdict

STARTS = 4
"""Kernels that one notebook may lose; a fifth would only serve somebody who kills them."""
START_SECONDS = 60
"""Longest that a new kernel may take to get ready."""


@dataclass(frozen=True)
class RunLimits:
    """What running one notebook may take; sizes that the kernel itself obeys are the kernel's."""

    cell_seconds: float = 30
    notebook_seconds: float = 120
    output_kb: int = 512


# IPython's own form of a traceback quotes each file on the way, and so parses files of thousands of
# lines: in 03_blocks, whose lesson raises six errors on purpose, it took half of the cells' time.
KERNEL_OPTIONS = ["--InteractiveShell.xmode=Plain"]
MESSAGE_MB = 32
"""A message larger than this is not taken from a kernel."""
_OUTPUTS = ("stream", "display_data", "execute_result", "update_display_data", "error")
_DEATHS = {
    "memory": (Verdict.OUT_OF_MEMORY, "used more memory than the course allows"),
    "disk": (Verdict.OUT_OF_MEMORY, "wrote more files than the course allows"),
    "processes": (Verdict.KILLED, "started more processes than the course allows"),
    "time": (Verdict.TIMED_OUT, "ran longer than the course allows"),
}


class ForgedReplyError(Exception):
    """A reply came from the kernel's socket that no kernel sends."""


class CellClient(NotebookClient):
    """nbclient's client, with evidence kept apart from outputs and outputs kept in bounds."""

    def __init__(self, output_kb: int, **options: Any) -> None:
        # nbclient finds the cell that it runs, and displays to update, by index in its notebook.
        # Cells are run in place here, also some that are in no notebook: it gets one of its own.
        super().__init__(
            new_notebook(),
            allow_errors=True,
            interrupt_on_timeout=False,
            record_timing=False,
            extra_arguments=KERNEL_OPTIONS,
            **options,
        )
        self.answers: list[dict[str, Any]] = []
        self.process: KernelProcess | None = None
        self.output_left = output_kb << 10
        self.malformed = 0

    async def run(self, cell: NotebookNode, store_history: bool) -> None:
        """Run a cell in place; what earlier cells have displayed may be updated by it."""
        self.nb.cells.append(cell)
        await self.async_execute_cell(cell, len(self.nb.cells) - 1, store_history=store_history)

    async def async_start_new_kernel_client(self, **kwargs: Any) -> Any:
        """Connect to the kernel as soon as its iopub channel says that we are heard.

        nbclient's own way listens to silence for 0.2 s, so as not to miss the first output; the
        welcome message of protocol 5.4 makes that certain without a wait.
        """
        assert self.km is not None
        assert isinstance(self.km.provisioner, ContainedProvisioner)
        self.process = self.km.provisioner.process
        assert self.process is not None
        self.kc = self.km.client()
        # A larger message ends the connection, before it is in our memory.
        self.kc.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE_MB << 20)
        self.kc.start_channels()
        ended = asyncio.ensure_future(self.process.ended())
        welcome = asyncio.ensure_future(self.kc.iopub_channel.get_msg(timeout=60))
        try:
            await asyncio.wait({ended, welcome}, return_when=asyncio.FIRST_COMPLETED)
            if not welcome.done():
                how = self.process.log or f"{self.process.reason} {self.process.returncode}"
                raise DeadKernelError(f"the kernel did not start: {how}")
            await welcome
        finally:
            ended.cancel()
            welcome.cancel()
        self.kc.allow_stdin = False
        return self.kc

    async def _async_poll_kernel_alive(self) -> None:
        """Wait for the end of the kernel's process; nbclient asks once a second instead."""
        assert self.process is not None
        await self.process.ended()
        await asyncio.sleep(0.05)  # let a reply that is on its way arrive first
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Take out evidence, and stop collecting when the notebook has printed enough.

        A notebook can send what it likes on its kernel's sockets; what is no message is dropped.
        """
        try:
            data = msg["content"].get("data") or {}
            if MIME in data:
                self.answers.append(data[MIME] if isinstance(data[MIME], dict) else {})
                return None
            if msg["msg_type"] in _OUTPUTS and not self._within_bounds(msg["content"], cell):
                return None
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            self.malformed += 1
            return None

    def _within_bounds(self, content: dict[str, Any], cell: NotebookNode) -> bool:
        """Tell whether an output may still be kept; say once that the rest is cut."""
        size = len(json.dumps(content))
        if size > self.output_left >= 0:
            self.output_left = -1
            cell.outputs.append(
                new_output("stream", name="stderr", text="[the grader cut the output here]\n")
            )
        self.output_left -= size if self.output_left >= 0 else 0
        return self.output_left >= 0


class Runner:
    """Runs one notebook to its report."""

    def __init__(self, nb: NotebookNode, framework: str, folder: str, limits: RunLimits) -> None:
        self.nb = nb
        self.framework = framework
        self.folder = folder
        self.limits = limits
        self.report = NotebookReport()
        self.findings: dict[str, tuple[Finding, float]] = {}
        self.excluded: set[int] = set()
        self.setup = tuple(
            cell.source
            for cell in nb.cells
            if cell.cell_type == "code" and grade_id(cell).startswith("setup-")
        )

    async def run(self, manager_config: Any = None) -> NotebookReport:
        """Execute the notebook in place and return the report."""
        started = time.monotonic()
        self.deadline = started + self.limits.notebook_seconds
        self.lost = 0
        done = False
        while not done and self.lost < STARTS and time.monotonic() <= self.deadline:
            try:
                done = await self._run_in_one_kernel(manager_config)
            except DeadKernelError as error:  # before any code of the student's ran in it
                self.report.notes.append(f"a kernel was started again: {error}")
                self.lost += 1
        if not self.report.start:
            raise RuntimeError(self.report.notes[-1])
        self.report.seconds = round(time.monotonic() - started, 3)
        self.report.cells = [self._cell_report(cell) for cell in self.nb.cells if is_tests(cell)]
        return self.report

    async def _run_in_one_kernel(self, manager_config: Any) -> bool:
        """Run what is still to run; True when every cell had its turn."""
        began = time.monotonic()
        manager = AsyncKernelManager(kernel_name=f"grader-{self.framework}", config=manager_config)
        client = CellClient(self.limits.output_kb, km=manager)
        client.reset_execution_trackers()
        try:
            await client.async_start_new_kernel(cwd=self.folder)
            await client.async_start_new_kernel_client()
            assert isinstance(manager.provisioner, ContainedProvisioner)
            self.report.start = manager.provisioner.start_kind
            baseline = await self._baseline(client)
            self.deadline += time.monotonic() - began  # a slow start is not the notebook's doing
            return await self._run_cells(client, baseline)
        finally:
            await self._end(client, manager)

    async def _end(self, client: CellClient, manager: AsyncKernelManager) -> None:
        if client.kc is not None:
            client.kc.stop_channels()
        with suppress(Exception):
            await manager.shutdown_kernel(now=True)
        if client.process is not None:
            self.report.peak_mb = max(self.report.peak_mb, client.process.peak_mb)
        if client.malformed:
            self.report.notes.append(f"sent {client.malformed} messages that no kernel sends")

    async def _baseline(self, client: CellClient) -> Baseline:
        """Prepare a new kernel, before any code of a student's runs in it."""
        code, nonce = snapshot_order(self.framework)
        client.timeout_func = lambda _: START_SECONDS
        await client.run(new_code_cell(code), store_history=False)
        baseline = read_baseline(client.answers, nonce)
        if baseline is None:
            raise RuntimeError("a new kernel did not answer; try the kernel cold (warm = False)")
        return baseline

    async def _run_cells(self, client: CellClient, baseline: Baseline) -> bool:
        """Run cells until one leaves no kernel that others could be run in; False in this case.

        One whose memory ran out is none: what filled it may still be there, or its supervisor has
        seen it, and is about to end the kernel under the next cell.
        """
        turns: list[tuple[int, float]] = []
        for index, cell in enumerate(self.nb.cells):
            if (
                cell.cell_type != "code"
                or index in self.excluded
                or grade_id(cell) in self.findings
            ):
                continue
            began = time.monotonic()
            turns.append((index, began))
            try:
                if is_tests(cell):
                    finding = await self._prove(client, cell, baseline)
                    self.findings[grade_id(cell)] = finding, time.monotonic() - began
                    if finding.verdict is Verdict.OUT_OF_MEMORY:
                        return False
                else:
                    client.answers.clear()
                    await self._execute(client, cell)
                    if full := _memory_error(cell):
                        self._exclude(index, full, time.monotonic() - began)
                        return False
            except (DeadKernelError, CellTimeoutError, ForgedReplyError) as error:
                self.lost += 1
                assert client.process is not None
                index, began = turn_at(client.process.ended_at, turns)
                if grade_id(self.nb.cells[index]) not in self.findings:
                    finding = self._explain(client.process, error)
                    self._exclude(index, finding, time.monotonic() - began)
                return False
        return True

    async def _execute(self, client: CellClient, cell: NotebookNode) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise CellTimeoutError("the notebook's time is up")
        seconds: Any = max(0.1, min(self.limits.cell_seconds, left))  # declared int, used as float
        client.timeout_func = lambda _: seconds
        try:
            await client.run(cell, store_history=not is_tests(cell))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ForgedReplyError(str(error)) from error

    async def _prove(self, client: CellClient, cell: NotebookNode, baseline: Baseline) -> Finding:
        """Run a tests cell for evidence, and write its outcome where a reader looks for it."""
        source = cell.source
        order = order_tests(grade_id(cell), source, self.setup, self.framework, baseline)
        client.answers.clear()
        try:
            cell.source = order.code
            await self._execute(client, cell)
        finally:
            cell.source = source
            cell.execution_count = None
        finding = judge(order, client.answers, baseline)
        if finding.verdict is not Verdict.PASSED:
            cell.outputs = [output for output in cell.outputs if output.output_type != "error"]
            cell.outputs.append(describe(finding, source))
        return finding

    def _explain(self, process: KernelProcess, error: Exception) -> Finding:
        """Say why a kernel died under a cell, or had to."""
        if isinstance(error, ForgedReplyError):
            return Finding(Verdict.TAMPERED, "the notebook sent replies that no kernel sends")
        if isinstance(error, CellTimeoutError):
            seconds = min(self.limits.cell_seconds, self.limits.notebook_seconds)
            whole = time.monotonic() >= self.deadline
            what = "the notebook" if whole else "the cell"
            seconds = self.limits.notebook_seconds if whole else seconds
            return Finding(
                Verdict.TIMED_OUT, f"{what} ran longer than {seconds:g} s and was stopped"
            )
        reason, status = process.reason, process.poll()
        if reason in _DEATHS:
            verdict, words = _DEATHS[reason]
            return Finding(verdict, f"the cell {words} and was stopped")
        how = f"signal {-status}" if status is not None and status < 0 else f"exit status {status}"
        return Finding(Verdict.KILLED, f"the cell ended its own kernel ({how})")

    def _exclude(self, index: int, finding: Finding, seconds: float) -> None:
        """Leave a cell out of later runs; a tests cell has its verdict then."""
        cell = self.nb.cells[index]
        self.excluded.add(index)
        if not finding.error:  # else it says so itself
            cell.outputs = [describe(finding, cell.source)]
        if is_tests(cell):
            self.findings[grade_id(cell)] = finding, seconds
        else:
            name = grade_id(cell) or f"cell {index + 1}"
            self.report.notes.append(f"{name}: {finding.message}")
            for tests in filter(is_tests, self.nb.cells):  # without its solution there is no use
                if exercise_of(tests) == grade_id(cell):
                    self.findings.setdefault(grade_id(tests), (finding, 0.0))
                    tests.outputs = [describe(finding, tests.source)]
        if not is_tests(cell) or time.monotonic() >= self.deadline:
            self.culprit = finding

    def _cell_report(self, cell: NotebookNode) -> CellReport:
        identity = grade_id(cell)
        worth = float(cell.metadata.nbgrader["points"])
        if identity in self.findings:
            finding, seconds = self.findings[identity]
        else:
            # No turn: the notebook's time, or its kernels, were used up by the cells before.
            finding, seconds = self.culprit, 0.0
            cell.outputs = [describe(finding, cell.source)]
        points = worth if finding.verdict is Verdict.PASSED else 0.0
        return CellReport(
            identity,
            exercise_of(cell),
            finding.verdict,
            points,
            worth,
            finding.message,
            round(seconds, 3),
        )

    culprit = Finding(Verdict.KILLED, "no kernel was left to run these tests: each one was killed")


def run_notebook(
    nb: NotebookNode, framework: str, folder: str, limits: RunLimits, config: Any = None
) -> NotebookReport:
    """Run `nb` in place, from a thread with or without an event loop; return the report."""
    runner = Runner(nb, framework, folder, limits)
    report: NotebookReport = run_sync(runner.run)(config)
    return report


def turn_at(when: float, turns: list[tuple[int, float]]) -> tuple[int, float]:
    """Return whose turn it was at a time: the last of `turns`, index and start, that had begun.

    A kernel that broke a limit may still have ended its cell before it was killed, so that the
    next one finds it dead.
    """
    return next((turn for turn in reversed(turns) if turn[1] <= when), turns[0])


def _memory_error(cell: NotebookNode) -> Finding | None:
    """Return the finding about a cell that memory was too small for."""
    for output in cell.outputs:
        if output.output_type == "error" and is_memory_error(output.ename, output.evalue):
            message = f"{output.ename}: {output.evalue}".removesuffix(": ")
            return Finding(Verdict.OUT_OF_MEMORY, message, error=output.ename)
    return None


def grade_id(cell: NotebookNode) -> str:
    """Return the nbgrader id of a cell, "" where it has none."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def exercise_of(cell: NotebookNode) -> str:
    """Return the exercise that a tests cell is about."""
    return grade_id(cell).partition("-tests-")[0]


def is_tests(cell: NotebookNode) -> bool:
    """Tell whether a cell is scored by running it."""
    marks = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"))


def describe(finding: Finding, source: str) -> NotebookNode:
    """Write a finding as an error output: the way to the line that failed, then the message."""
    lines = source.splitlines()
    trace = []
    for filename, number, name, text in finding.frames:
        if filename.startswith("<tests"):
            text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
            trace.append(f"tests, line {number}: {text}")
        else:
            trace.append(f"your code, line {number}, in {name}: {text.strip()}")
    name = finding.error or finding.verdict.value
    prefix = f"{name}: "
    value = finding.message.removeprefix(prefix)
    output: NotebookNode = new_output(
        "error", ename=name, evalue=value, traceback=[*trace, f"{name}: {value}"]
    )
    return output
