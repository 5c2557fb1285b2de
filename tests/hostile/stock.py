"""Grades the hostile corpus with stock nbgrader, one submission at a time, and writes stock.json.

    python tests/hostile/stock.py [STUDENT…]

Stock: nbgrader's own preprocessors and defaults on the kernel `python3`. Each submission gets a
course and a container of its own, because nothing else would hold it: see `container`. With names
(say `death-abort`) only these are graded, and the rest of stock.json stays.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import container
from corpus import HERE, Attack, corpus, hand_in, kept_text
from nbgrader.api import Gradebook

from grader.course import Course, Lesson, load_course
from grader.editions import instructor_edition, text_of
from grader.source import read_source

RESULTS = HERE / "stock.json"
SECONDS = 120
"""Longest that the grading of one submission may take; stock has no such limit."""
JOBS = 2
CONFIG = """\
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.ignore = ["*.py", "*.toml", "*.md", ".*", "*.pyc", "__pycache__"]
"""
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
LARGEST = 64 << 20


@dataclass
class Result:
    """What stock nbgrader made of a submission.

    `ended` is "graded", "lost" (nothing was graded) or "hung" (stopped by us). `notes` are what
    happened beside the grade. `why` it was lost is told and not kept.
    """

    ended: str
    score: float = 0.0
    of: float = 0.0
    why: str = ""
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in the words of a table."""
        grade = f"{self.score:g} of {self.of:g}"
        ended = {"graded": grade, "lost": "**lost**", "hung": "**hung**"}[self.ended]
        return ", ".join([ended, *self.notes])


def read_results() -> dict[str, Result]:
    """Read stock.json: from student to result."""
    content = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {student: Result(**each) for student, each in content["results"].items()}


def write_results(results: dict[str, Result]) -> None:
    """Write stock.json."""
    kept = {student: asdict(each) for student, each in sorted(results.items())}
    for each in kept.values():
        del each["why"]  # for whoever watches
    content = {"nbgrader": version("nbgrader"), "seconds": SECONDS, "results": kept}
    RESULTS.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def make_course(root: Path) -> Course:
    """Make the course of the corpus as stock nbgrader has it, and release it."""
    shutil.copytree(HERE / "course", root)
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    course = load_course(root)
    for lesson in course.lessons():
        instructor = instructor_edition(read_source(lesson.source), {})
        instructor.metadata.kernelspec = KERNEL
        lesson.instructor.write_text(text_of(instructor), encoding="utf-8")
    (unit,) = course.units
    words = [sys.executable, "-m", "nbgrader", "generate_assignment", unit.name]
    subprocess.run(words, cwd=root, env=_environment(), check=True, capture_output=True)
    return course


def _environment() -> dict[str, str]:
    # nbgrader starts `alembic` by name when it makes a gradebook.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "LANG": "C.UTF-8", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}


def grade(course: Course, attack: Attack) -> Result:
    """Grade one submission in a copy of `course`, in a container."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "h")
        mine = load_course(shutil.copytree(course.root, root / "course"))
        canary = root / "canary" / "canary.txt"
        canary.parent.mkdir()
        canary.write_text("a nightingale of the host")
        scratch = root / "s"
        scratch.mkdir()
        port = str(_free_port())
        marker = f"57.{secrets.randbelow(10**9):09}"
        words = {
            "COURSE": str(mine.root),
            "CANARY": str(canary),
            "SCRATCH": str(scratch),
            "PORT": port,
            "MARKER": marker,
        }
        hand_in(mine, attack, words)
        (unit,) = mine.units
        command = [sys.executable, "-m", "nbgrader", "autograde", unit.name]
        user = pwd.getpwnam(container.USER)
        for path in [root, *root.rglob("*")]:
            os.lchown(path, user.pw_uid, user.pw_gid)
        before = _world(mine, canary)
        outcome = container.run(
            [*command, f"--student={attack.student}"],
            mine.root,
            {**_environment(), "GRADER_CANARY": f"nightingale {marker}"},
            kept=[root],
            seconds=SECONDS,
            listeners=[port, str(scratch / "agent")],
        )
        lesson = next(each for each in mine.lessons() if each.framework == attack.framework)
        result = _read(mine, lesson, attack, outcome)
        if outcome.left:
            result.notes.append("left processes running")
        if outcome.reached:
            result.notes.append("reached the network")
        if _world(mine, canary) != before:
            result.notes.append("changed files of the course")
        return result


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _world(course: Course, canary: Path) -> dict[str, str]:
    """Describe what nbgrader itself does not write when it grades."""
    seen = {}
    for folder in (course.root / "solutions", course.root / "submitted", canary.parent):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                state = path.stat()
                seen[str(path)] = f"{state.st_mtime_ns} {state.st_size} {state.st_mode:o}"
    seen["course"] = " ".join(
        sorted(
            p.name for p in course.root.iterdir() if p.name not in ("autograded", "gradebook.db")
        )
    )
    return seen


def _read(course: Course, lesson: Lesson, attack: Attack, outcome: container.Outcome) -> Result:
    """Read the grade and what was kept, as root reads what a stranger wrote: plain files only."""
    if outcome.status is None:
        return Result("hung")
    kept = course.root / "autograded" / attack.student / lesson.unit.name / f"{lesson.name}.ipynb"
    gradebook = course.root / "gradebook.db"
    for path in (kept, gradebook):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return Result("lost", why=_reason(outcome, course))
    if outcome.status:
        return Result("lost", why=_reason(outcome, course))
    with Gradebook(f"sqlite:///{gradebook}") as book:
        notebook = book.find_submission_notebook(lesson.name, lesson.unit.name, attack.student)
        result = Result("graded", notebook.score, notebook.max_score)
    text = kept_text(kept)
    if any(word in text or word[::-1] in text for word in attack.hides):
        result.notes.append("shows what it looked for")
    return result


def _reason(outcome: container.Outcome, course: Course) -> str:
    if outcome.status and outcome.status < 0:
        return f"nbgrader ended by signal {-outcome.status}"
    said = outcome.output.splitlines()
    lines = [line for line in said if line.strip() and "the above traceback" not in line]
    errors = [line for line in lines if re.match(r"\s*[\w.]+(Error|Exception): ", line)]
    return (errors or lines or ["it said nothing"])[-1].strip().replace(str(course.root), "…")[:200]


def main(students: list[str]) -> None:
    """Grade what is asked for, and keep it in stock.json after each."""
    if missing := container.lacking():
        raise SystemExit(
            f"error: stock nbgrader contains nothing, and here nothing else can: {missing}"
        )
    results = read_results() if RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(JOBS) as pool:
        course = make_course(Path(folder, "course"))
        wanted = [a for a in corpus() if not students or a.student in students]
        if not students:
            results = {}

        def work(attack: Attack) -> None:
            result = grade(course, attack)
            print(f"{attack.student}: {result} {result.why}", flush=True)
            results[attack.student] = result
            write_results(results)

        list(pool.map(work, wanted))


if __name__ == "__main__":
    main(sys.argv[1:])
