"""Measures grading side by side with stock nbgrader, in one run. `make bench` runs it.

Every way grades the same class of honest submissions of one unit, both notebooks each, from the
command line, start-up included; the figures are the time that a person waits. The floor is the same
cells in a bare Python that is forked with the framework imported: no kernel, no containment, no
evidence, no gradebook.

    python tests/bench.py                       # all of it, ten students
    python tests/bench.py --students 40
    python tests/bench.py stages memory         # only these tables
    python tests/bench.py compare --ways df     # only two ways, beside each other
    python tests/bench.py growth --sizes 100 1000 10000
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any

import nbformat
import psutil
from rich.console import Console
from rich.table import Table

from grader.bank import answered, bank_path, read_bank, solutions
from grader.course import Course, Lesson, Unit, find_course, load_course
from grader.demo import make_course
from grader.desk import Desk
from grader.editions import instructor_edition, student_edition, text_of
from grader.launcher import Limits, zygote_for
from grader.preprocessors import edition_at, grade_notebook
from grader.restore import read_submission, restore
from grader.run import CellClient, Runner, is_tests
from grader.source import read_source

ROOT = Path(__file__).parents[1]
STOCK = """\
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.ignore = ["*.py", "*.toml", "*.md", ".*", "*.pyc", "__pycache__"]
c.Execute.kernel_name = "{kernel}"
"""
# Runs in a process of its own. Imports what a zygote does, so that the floor is what cells do and
# not what they import; reads paths of notebooks, forks for each, and waits for the child.
FLOOR = """\
import json, os, sys
import matplotlib; matplotlib.use("Agg")
from grader.zygote import preload
preload(sys.argv[1])
print("ready", flush=True)
for path in sys.stdin.read().split():
    cells = json.load(open(path))["cells"]
    if os.fork():
        os.wait()
        continue
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    space = {"__name__": "__main__"}
    for cell in cells:
        if cell["cell_type"] == "code":
            try:
                exec("".join(cell["source"]), space)
            except Exception:
                pass
    os._exit(0)
"""
console = Console()


def hand_in(source: Course, course: Course, unit: Unit, students: int) -> None:
    """Give every student right answers, written differently where the bank has several."""
    for lesson in source.lessons(unit):
        right = [variant for variant in read_bank(bank_path(lesson)) if variant.right]
        notebook = nbformat.read(lesson.student, as_version=4)
        for number in range(students):
            answers = {}
            for exercise in solutions(notebook):
                mine = [variant for variant in right if variant.exercise == exercise]
                answers[exercise] = mine[number % len(mine)].source
            folder = course.root / "submitted" / f"student{number:05}" / unit.name
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(answered(notebook, answers), folder / f"{lesson.name}.ipynb")


def run(course: Course, *words: str) -> None:
    """Run a command in a course's folder."""
    subprocess.run(words, cwd=course.root, check=True, capture_output=True)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def forget(course: Course) -> None:
    """Take a course back to before it was graded."""
    for kind in ("autograded", "report", "feedback"):
        shutil.rmtree(course.root / kind, ignore_errors=True)
    (course.root / "gradebook.db").unlink(missing_ok=True)


# --- the ways, side by side --------------------------------------------------------------------


def stock(course: Course, lesson: Lesson, kernel: str) -> float:
    """Grade the notebooks of one lesson with nbgrader's own preprocessors."""
    configuration = course.root / "nbgrader_config.py"
    ours = configuration.read_text(encoding="utf-8")
    configuration.write_text(STOCK.format(kernel=kernel), encoding="utf-8")
    try:
        run(course, "nbgrader", "generate_assignment", lesson.unit.name, "--force")
        words = ("nbgrader", "autograde", lesson.unit.name, "--notebook", lesson.name)
        return seconds(partial(run, course, *words))
    finally:
        configuration.write_text(ours, encoding="utf-8")


@contextmanager
def only(course: Course, lesson: Lesson) -> Iterator[None]:
    """Put the submissions of the other lessons aside."""
    aside = course.root / "aside"
    others = [
        path
        for path in course.root.glob(f"submitted/*/{lesson.unit.name}/*.ipynb")
        if path.stem != lesson.name
    ]
    for path in others:
        place = aside / path.relative_to(course.root)
        place.parent.mkdir(parents=True)
        path.rename(place)
    try:
        yield
    finally:
        for path in others:
            (aside / path.relative_to(course.root)).rename(path)
        shutil.rmtree(aside, ignore_errors=True)


def ours(course: Course, lesson: Lesson, *options: str) -> float:
    """Grade the notebooks of one lesson with `grader autograde`."""
    with only(course, lesson):
        return seconds(partial(run, course, "grader", "autograde", lesson.unit.name, *options))


def on_a_cluster(course: Course, lesson: Lesson) -> float:
    """Grade them on a Dask cluster of two worker processes here, which has graded before."""
    from distributed import LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster:
        words = ("--scheduler", cluster.scheduler_address)
        ours(course, lesson, *words, "--student", "student0000[01]")
        forget(course)
        return ours(course, lesson, *words)


def floor(course: Course, lesson: Lesson) -> float:
    """Run the code cells of the same notebooks, restored, in a bare fork; nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for path in sorted(course.root.glob(f"submitted/*/{lesson.unit.name}/{lesson.name}.ipynb")):
            notebook, _ = restore(edition_at(lesson.instructor), read_submission(path))
            paths.append(Path(folder, f"{path.parent.parent.name}.ipynb"))
            nbformat.write(notebook, paths[-1])
        process = subprocess.Popen(
            [sys.executable, "-c", FLOOR, lesson.framework],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert process.stdout is not None
        process.stdout.readline()  # the import is not counted: a zygote pays it once
        return seconds(partial(process.communicate, "\n".join(map(str, paths)).encode()))


def compare(course: Course, unit: Unit, students: int, letters: str) -> None:
    """Print the time that each way takes, per framework and for both."""
    ways: dict[str, Callable[[Lesson], float]] = {
        "(a) nbgrader autograde, kernel python3": lambda x: stock(course, x, "python3"),
        "(b) nbgrader autograde, our kernels": lambda x: stock(course, x, f"grader-{x.framework}"),
        "(c) grader autograde --jobs 1": lambda x: ours(course, x, "--jobs", "1"),
        "(d) grader autograde --jobs 2": lambda x: ours(course, x, "--jobs", "2"),
        "(e) the same cells in a bare fork": lambda x: floor(course, x),
        "(f) grader autograde --scheduler, two Dask workers": lambda x: on_a_cluster(course, x),
    }
    lessons = list(course.lessons(unit))
    took: dict[str, list[float]] = {}
    for name, way in ways.items():
        if name[1] not in letters:
            continue
        console.print(f"{name} …", highlight=False)
        took[name] = []
        for lesson in lessons:
            forget(course)
            took[name].append(way(lesson))
    table = Table(title=f"{students} submissions of {unit.name}; seconds per notebook (× as fast)")
    table.add_column("way")
    for heading in (*(lesson.framework for lesson in lessons), "both"):
        table.add_column(heading, justify="right")
    first = next(iter(took.values()))
    for name, times in took.items():
        shown = [f"{t / students:.2f} ({f / t:.1f}×)" for t, f in zip(times, first, strict=True)]
        both = f"{sum(times) / students / len(times):.2f} ({sum(first) / sum(times):.1f}×)"
        table.add_row(name, *shown, both)
    console.print(table)


# --- where the time goes -----------------------------------------------------------------------


@contextmanager
def timed(spent: dict[str, list[float]]) -> Iterator[None]:
    """Note how long the steps of grading take while this is open."""
    steps: list[tuple[type, str, Callable[..., str]]] = [
        (CellClient, "async_start_new_kernel", lambda *_: "kernel forked"),
        (CellClient, "async_start_new_kernel_client", lambda *_: "kernel ready"),
        (Runner, "_baseline", lambda *_: "guard in place"),
        (Runner, "_execute", lambda _, __, cell: "tests" if is_tests(cell) else "lesson's cells"),
        (Runner, "_end", lambda *_: "shut-down"),
        (Desk, "record", lambda *_: "recorded and written"),
        (Desk, "_write", lambda *_: "of that, written"),
    ]
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in steps]

    def wrap(function: Callable[..., Any], label: Callable[..., str]) -> Callable[..., Any]:
        if not function.__code__.co_flags & 0x80:  # no coroutine

            @wraps(function)
            def step(*args: Any, **options: Any) -> Any:
                began = time.monotonic()
                try:
                    return function(*args, **options)
                finally:
                    spent[label(*args)].append(time.monotonic() - began)

            return step

        @wraps(function)
        async def coroutine(*args: Any, **options: Any) -> Any:
            began = time.monotonic()
            try:
                return await function(*args, **options)
            finally:
                spent[label(*args)].append(time.monotonic() - began)

        return coroutine

    for (owner, name, function), (_, _, label) in zip(kept, steps, strict=True):
        setattr(owner, name, wrap(function, label))
    try:
        yield
    finally:
        for owner, name, function in kept:
            setattr(owner, name, function)


def stages(course: Course, unit: Unit, students: int) -> None:
    """Print where the time of one notebook goes, one process, warm kernels."""
    from grader.desk import Graded

    desk = Desk(course)
    forget(course)
    desk.register(unit)
    table = Table(title="where the time goes: milliseconds per notebook, one process")
    table.add_column("stage")
    columns = {}
    for lesson in course.lessons(unit):
        zygote_for(lesson.framework).wait_until_ready()
        spent: dict[str, list[float]] = defaultdict(list)
        with timed(spent):
            for student in desk.students(unit):
                path = desk.folder("submitted", student, unit) / f"{lesson.name}.ipynb"
                began = time.monotonic()
                notebook, _ = restore(edition_at(lesson.instructor), read_submission(path))
                spent["read and restored"].append(time.monotonic() - began)
                report = grade_notebook(notebook, lesson.name, str(path.parent), unit.limits)
                desk.record(student, unit, [Graded(lesson.name, notebook, report)])
        columns[lesson.framework] = spent
        table.add_column(lesson.framework, justify="right")
    for stage in next(iter(columns.values())):
        cells = [f"{1000 * sum(spent[stage]) / students:.0f}" for spent in columns.values()]
        table.add_row(stage, *cells)
    console.print(table)


# --- latency and memory ------------------------------------------------------------------------


def latency(course: Course, unit: Unit) -> None:
    """Print how long one student waits: graded warm and cold, and watched, from save to verdict."""
    from traitlets.config import Config

    from grader.selfcheck import Checker

    table = Table(title="one notebook: median seconds from the file to the verdicts")
    for heading in ("lesson", "graded, warm", "graded, cold", "watched", "watched, plain kernel"):
        table.add_column(heading, justify="left" if heading == "lesson" else "right")
    cold = Config(ContainedProvisioner={"warm": False})
    for lesson in course.lessons(unit):
        path = next(course.root.glob(f"submitted/*/{unit.name}/{lesson.name}.ipynb"))

        def once(config: Config | None, lesson: Lesson = lesson, path: Path = path) -> None:
            notebook, _ = restore(edition_at(lesson.instructor), read_submission(path))
            grade_notebook(notebook, lesson.name, str(path.parent), unit.limits, config)

        def watched(plain: bool, path: Path = path) -> float:
            checker = Checker(plain)
            try:
                checker.prepare(path)
                return checker.check(path).seconds
            finally:
                checker.close()

        zygote_for(lesson.framework).wait_until_ready()
        medians = [
            statistics.median(seconds(partial(once, config)) for _ in range(rounds))
            for config, rounds in ((None, 5), (cold, 3))
        ]
        medians += [statistics.median(watched(plain) for _ in range(5)) for plain in (False, True)]
        table.add_row(lesson.name, *(f"{median:.2f}" for median in medians))
    console.print(table)


def memory(unit: Unit) -> None:
    """Print the memory that a zygote and an idle kernel have to themselves."""
    table = Table(title="memory that nobody shares (unique set size, MB)")
    for heading in (
        "framework",
        "zygote",
        "kernel forked from it",
        "kernel with its framework cold",
    ):
        table.add_column(heading, justify="left" if heading == "framework" else "right")
    for framework in unit.frameworks:
        zygote = zygote_for(framework)
        zygote.wait_until_ready()
        with tempfile.TemporaryDirectory() as scratch:
            Path(scratch, "work").mkdir()
            connection = Path(scratch, "kernel.json")
            ports = ("shell", "iopub", "stdin", "control", "hb")
            described = {f"{name}_port": number for number, name in enumerate(ports, 1)} | {
                "transport": "ipc",
                "ip": f"{scratch}/kernel",
                "key": "k",
                "signature_scheme": "hmac-sha256",
            }
            connection.write_text(json.dumps(described), encoding="utf-8")
            kernel = zygote.launch(["-f", str(connection)], scratch, Limits())
            deadline = time.monotonic() + 30
            while not Path(f"{scratch}/kernel-5").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.5)
            sizes = [psutil.Process(pid).memory_full_info().uss for pid in (zygote.pid, kernel.pid)]
            kernel.kill()
            kernel.wait()
        code = f"import {framework}, psutil; print(psutil.Process().memory_full_info().uss)"
        alone = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        sizes.append(int(alone.stdout))
        table.add_row(framework, *(f"{size / 2**20:.0f}" for size in sizes))
    console.print(table)


# --- growth ------------------------------------------------------------------------------------


def tiny(folder: Path) -> Course:
    """Copy the smallest course there is, without running its cells."""
    shutil.copytree(ROOT / "tests" / "hostile" / "course", folder)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    course = load_course(folder)
    for lesson in course.lessons():
        edition = instructor_edition(read_source(lesson.source), {})
        lesson.student.parent.mkdir(parents=True, exist_ok=True)
        lesson.instructor.write_text(text_of(edition), encoding="utf-8")
        lesson.student.write_text(text_of(student_edition(edition)), encoding="utf-8")
    return course


def growth(sizes: list[int], figure: Path) -> None:
    """Print, and draw, how time and memory grow with the class; a tiny lesson in PyTorch."""
    table = Table(title="as a class grows: a tiny lesson, two processes")
    for heading in (
        "submissions",
        "seconds",
        "ms per submission",
        "coordinator, MB",
        "with the report, MB",
    ):
        table.add_column(heading, justify="right")
    points = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            course = tiny(Path(folder, "course"))
            lesson = next(x for x in course.lessons() if x.framework == "torch")
            student = nbformat.read(lesson.student, as_version=4)
            text = nbformat.writes(
                answered(student, {"double": "def double(x):\n    return 2 * x"})
            )
            for number in range(size):
                place = course.root / "submitted" / f"student{number:05}" / lesson.unit.name
                place.mkdir(parents=True)
                (place / f"{lesson.name}.ipynb").write_text(text, encoding="utf-8")
            console.print(f"{size} submissions …", highlight=False)
            began, grading, peak = time.monotonic(), 0, 0
            last = course.root / "autograded" / f"student{size - 1:05}"
            process = subprocess.Popen(
                [sys.executable, "-m", "grader.cli", "autograde", lesson.unit.name, "--jobs", "2"],
                cwd=course.root,
                stdout=subprocess.DEVNULL,
            )
            watched = psutil.Process(process.pid)
            while process.poll() is None:
                try:
                    peak = max(peak, watched.memory_info().rss)
                    grading = grading if last.exists() else peak
                except psutil.NoSuchProcess:
                    break
                time.sleep(0.2)
            process.wait()
            took = time.monotonic() - began
            points.append((size, 1000 * took / size, grading / 2**20, peak / 2**20))
            table.add_row(str(size), *(f"{x:.0f}" for x in (took, *points[-1][1:])))
    console.print(table)
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axis, column, label in ((left, 1, "ms per submission"), (right, 2, "coordinator, MB")):
        axis.plot([p[0] for p in points], [p[column] for p in points], marker="o")
        axis.set(xscale="log", xlabel="submissions", ylabel=label)
        axis.set_ylim(bottom=0)
    figure.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(figure, dpi=120)
    console.print(f"figure: {figure}", highlight=False)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tables = ("compare", "stages", "latency", "memory", "growth")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(tables))
    parser.add_argument("--students", type=int, default=10)
    parser.add_argument("--unit", default="03_blocks")
    parser.add_argument("--ways", default="abcdef", help="for compare; ratios are to the first")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100], help="for growth")
    parser.add_argument("--figure", type=Path, default=Path("build/growth.png"))
    options = parser.parse_args()
    if unknown := set(options.tables) - set(tables):
        parser.error(f"no table is called {', '.join(unknown)}; there are {', '.join(tables)}")
    if not options.ways or not set(options.ways) <= set("abcdef"):
        parser.error(f"--ways {options.ways}: some of the letters a to f")
    wanted = options.tables or tables
    # nbgrader calls `alembic` by name.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    source = find_course(Path.cwd())
    unit = source.unit(options.unit)
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(source, unit, Path(folder) / "course")
        unit = course.unit(options.unit)
        hand_in(source, course, source.unit(options.unit), options.students)
        if "compare" in wanted:
            compare(course, unit, options.students, options.ways)
        if "stages" in wanted:
            stages(course, unit, options.students)
        if "latency" in wanted:
            latency(course, unit)
        if "memory" in wanted:
            memory(unit)
    if "growth" in wanted:
        growth(options.sizes, options.figure)


if __name__ == "__main__":
    main()
