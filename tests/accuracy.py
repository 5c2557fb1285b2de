"""Measures what the bar of the last exercise of 15_project lies between.

    python tests/accuracy.py              # writes tests/variants/15_project/accuracy.md
    python tests/accuracy.py --seeds 3    # a quick look, written nowhere

The reference solution, the right answers of the bank and those wrong ones whose fault is in the
training itself are trained with many seeds, and scored on the test heap that the lesson holds
back. A wrong answer that is scored here must stay below the bar with every seed, a right one above
it; the script fails otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import sklearn.datasets

from grader.bank import bank_path, read_bank
from grader.course import Lesson, find_course
from grader.source import Source, read_source

EXERCISE = "train-classifier"
# The wrong answers that train wrongly; the others break a rule and may well be accurate.
FAULTS = (
    "never-shuffled",
    "out-of-step",
    "gradients-kept",
    "raw-pixels",
    "one-step-per-epoch",
    "too-few-steps",
)


def source_of(lesson: Lesson) -> Source:
    return read_source(lesson.source)


def answers(lesson: Lesson) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and code of each answer that is to be scored."""
    cells = source_of(lesson).exercises[EXERCISE]
    yield "right", "reference", next(c.source for c in cells if c.role == "solution")
    for variant in read_bank(bank_path(lesson)):
        if variant.exercise == EXERCISE and (variant.right or variant.name in FAULTS):
            yield "right" if variant.right else "wrong", variant.name, variant.source


def scores(lesson: Lesson, name: str, code: str, seeds: int) -> tuple[list[float], float]:
    """Train with each seed on rows sorted by label; return the test accuracies and the bar."""
    space: dict[str, Any] = {}
    for cell in source_of(lesson).cells:
        if cell.role == "setup":
            exec(cell.source, space)
    exec(code, space)
    digits = sklearn.datasets.load_digits()
    rows = space["test_rows"]
    pictures, labels = digits.data[rows].astype("float32"), digits.target[rows]
    order = np.argsort(np.asarray(space["y_train"]), kind="stable")
    x_train, y_train = space["x_train"][order], space["y_train"][order]
    found = []
    for seed in range(seeds):
        if lesson.framework == "torch":
            import torch

            model = space["train_classifier"](
                x_train.clone(), y_train.clone(), space["x_val"].clone(), space["y_val"], seed
            )
            with torch.no_grad():
                logits = model(torch.from_numpy(pictures)).numpy()
        else:
            model = space["train_classifier"](
                x_train.copy(), y_train.copy(), space["x_val"].copy(), space["y_val"], seed
            )
            logits = np.asarray(model(pictures, training=False))
        found.append(float((logits.argmax(1) == labels).mean()))
    return found, space["BAR"]


@click.command()
@click.option("--seeds", default=20, show_default=True)
@click.option("--framework", type=click.Choice(["torch", "tensorflow"]))
def main(seeds: int, framework: str | None) -> None:
    """Score the right answers and the faults, and write the table."""
    course = find_course(Path(__file__))
    lessons = [lesson for lesson in course.lessons() if lesson.unit.name == "15_project"]
    lines, failed = [], []
    for lesson in lessons:
        if framework not in (None, lesson.framework):
            continue
        for kind, name, code in answers(lesson):
            found, bar = scores(lesson, name, code, seeds)
            low, middle, high = min(found), float(np.median(found)), max(found)
            row = f"{lesson.framework} | {kind} | {name} | {low:.3f} | {middle:.3f} | {high:.3f}"
            lines.append(f"| {row} |")
            print(lines[-1], flush=True)
            if (low < bar) if kind == "right" else (high >= bar):
                failed.append(f"{lesson.framework} {name}")
    if framework is None and seeds >= 20:
        page = bank_path(lessons[0]).parent / "accuracy.md"
        page.write_text(PAGE.format(bar=bar, seeds=seeds, table="\n".join(lines)), encoding="utf-8")
        print(f"written: {page.relative_to(course.root)}")
    sys.exit(f"on the wrong side of the bar: {', '.join(failed)}" if failed else 0)


PAGE = """# What the bar of exercise 15.5 lies between

Accuracy on the test heap, 360 pictures that the lesson holds back, of {seeds} seeds each. The
training rows are sorted by label. The bar is {bar}.

| framework | answer | name | lowest | median | highest |
|---|---|---|---|---|---|
{table}

The nearest mean picture, the lesson's baseline, has 0.908 on this heap. One picture is 0.003, and
chance alone moves a score of 0.97 by 0.009 (one standard deviation).

Made by `python tests/accuracy.py`, which fails if a right answer falls below the bar or a wrong one
reaches it.
"""


if __name__ == "__main__":
    main()
