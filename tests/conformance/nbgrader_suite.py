"""Runs nbgrader's own tests on the plain kernel and on ours, and holds them against a record.

    python tests/conformance/nbgrader_suite.py [--record] [PART…]

The tests come with nbgrader's wheel and ask for the kernel `python3`. They are run as they are,
twice: with that kernel, and with a kernel spec of that name in front of it that starts a contained
kernel of PyTorch. Every outcome stands in nbgrader_suite.tsv with the reason for what does not
pass or differs; a change there is an error until `--record` has been called and the reason given.
A PART is one of PARTS; without any, all are run.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import nbgrader

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_suffix(".tsv")
SPEC = ROOT / "grader" / "kernelspecs" / "grader-torch" / "kernel.json"
PACKAGE = "nbgrader.tests"
SITE = Path(nbgrader.__file__).parents[1]
PARTS = ("preprocessors", "test_validator", "apps.test_nbgrader_autograde", "api")
KERNELS = ("plain", "ours")
FIELDS = ("test", *KERNELS, "reason")
JOBS = 2

Row = dict[str, str]


def run(parts: Iterable[str], contained: bool) -> dict[str, str]:
    """Run parts of nbgrader's tests; map the name of each test to passed, failed, or skipped."""
    with tempfile.TemporaryDirectory(prefix="suite-") as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        # Some tests look for files of the manual, from where nbgrader's repository lies.
        manual = Path("nbgrader", "docs", "source", "user_guide")
        shutil.copytree(SITE / manual, folder / manual)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
        if contained:
            kernel = folder / "jupyter" / "kernels" / "python3"
            kernel.mkdir(parents=True)
            shutil.copy(SPEC, kernel)
            env["JUPYTER_PATH"] = str(folder / "jupyter")
        words = [sys.executable, "-m", "pytest", "-q", "-n", str(JOBS), "-p", "no:cacheprovider"]
        words += ["--dist=loadfile", "--tb=short", "--junitxml=outcomes.xml"]
        words += ["-c", "pytest.ini", f"--rootdir={SITE}", "--pyargs"]
        words += [f"{PACKAGE}.{part}" for part in parts]
        subprocess.run(words, cwd=folder, env=env, check=False)
        return dict(map(_outcome, ElementTree.parse(folder / "outcomes.xml").iter("testcase")))


def _outcome(case: ElementTree.Element) -> tuple[str, str]:
    name = f"{case.get('classname', '')}.{case.get('name')}"
    name = name[name.index(PACKAGE) + len(PACKAGE) + 1 :]
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return name, "skipped" if kind == "skipped" else "failed"
    return name, "passed"


def read_record() -> dict[str, Row]:
    """Read the record: one row per test, by its name."""
    if not RECORD.exists():
        return {}
    with RECORD.open(encoding="utf-8", newline="") as file:
        return {row["test"]: row for row in csv.DictReader(file, delimiter="\t")}


def write_record(rows: dict[str, Row]) -> None:
    """Write the record, sorted by name."""
    with RECORD.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


def needs_a_reason(row: Row) -> bool:
    """Tell whether a row is anything else than passed with both kernels."""
    return {row[kernel] for kernel in KERNELS} != {"passed"}


def complaints(found: dict[str, Row], record: dict[str, Row]) -> list[str]:
    """Say what is not as it is recorded, or recorded without a reason."""
    said = []
    for name in sorted(found.keys() | record.keys()):
        now, then = (
            " / ".join(rows[name][kernel] for kernel in KERNELS) if name in rows else "not there"
            for rows in (found, record)
        )
        if now != then:
            said.append(f"{name}: {now}, recorded {then}")
        elif needs_a_reason(record[name]) and not record[name]["reason"]:
            said.append(f"{name}: {now}, and {RECORD.name} gives no reason")
    return said


def main(words: list[str]) -> None:
    """Run, compare, and exit with an error where something has changed."""
    recording = "--record" in words
    parts = [word for word in words if word != "--record"] or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        raise SystemExit(f"error: no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    outcomes = {}
    for kernel in KERNELS:
        begun = time.monotonic()
        outcomes[kernel] = run(parts, contained=kernel == "ours")
        counts = ", ".join(f"{n} {what}" for what, n in Counter(outcomes[kernel].values()).items())
        print(f"{kernel}: {counts} in {time.monotonic() - begun:.0f} s", flush=True)
    record = read_record()
    names = outcomes["plain"].keys() | outcomes["ours"].keys()
    found = {
        name: {
            "test": name,
            **{kernel: outcomes[kernel].get(name, "not there") for kernel in KERNELS},
            "reason": record.get(name, {}).get("reason", ""),
        }
        for name in names
    }
    others = {
        name: row
        for name, row in record.items()
        if not any(f"{name}.".startswith(f"{part}.") for part in parts)
    }
    if recording:
        record = others | found
        write_record(record)
    if wrong := complaints(others | found, record):
        raise SystemExit("\n".join([*wrong, f"error: {len(wrong)} outcomes to look at"]))


if __name__ == "__main__":
    main(sys.argv[1:])
