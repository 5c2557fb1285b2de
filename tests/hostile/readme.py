"""Writes the tables of README.md: `python tests/hostile/readme.py`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from corpus import HERE, SUFFIXES, Attack, corpus
from stock import Result, read_results

README = HERE / "README.md"
HEADINGS = {
    "death": "Sudden death",
    "files": "Files",
    "frameworks": "Attacks on TensorFlow and Keras",
    "kernel": "Patched kernel",
    "messages": "Forged messages",
    "network": "Network",
    "peeking": "Peeking",
    "processes": "Processes and threads",
    "returns": "Objects and numbers that lie",
    "size": "Memory, disk, output",
    "time": "Time",
    "tools": "Patched tools",
    "damaged": "Damaged submissions",
    "noise": "Honest noise",
}
EXERCISES = ("double", "total")


def must_end_as(attack: Attack) -> str:
    """Say what the attacked exercise must end as here, and the other one where it does not pass."""
    ours = " or ".join(attack.verdicts)
    other = next(each for each in EXERCISES if each != attack.exercise)
    return ours if attack.rest == ("passed",) else f"{ours}; {other}: {' or '.join(attack.rest)}"


def table(attacks: Iterable[Attack], results: dict[str, Result]) -> str:
    """Write one row per attack."""
    rows = ["| attack | stock nbgrader | must end as |", "|---|---|---|"]
    for attack in attacks:
        suffix = SUFFIXES["tensorflow"]
        name = attack.name.removesuffix(suffix).replace("-", " ")
        name += " (Keras)" if attack.framework == "tensorflow" else ""
        rows.append(f"| {name} | {results[attack.student]} | {must_end_as(attack)} |")
    return "\n".join(rows)


def summary(attacks: list[Attack], results: dict[str, Result]) -> str:
    """Count what stock nbgrader made of the corpus."""
    found = [(attack, results[attack.student]) for attack in attacks]
    ends = Counter(result.ended for _, result in found)
    graded = [each for each in found if each[1].ended == "graded"]
    full = sum(
        result.score == result.of and "passed" not in attack.verdicts for attack, result in graded
    )
    honest = [result for attack, result in found if attack.row == "noise"]
    less = sum(result.ended != "graded" or result.score < result.of for result in honest)
    notes = Counter(note for _, result in found for note in result.notes)
    lines = [
        f"{len(found)} submissions",
        f"graded: {len(graded)}, "
        f"of them {full} with full marks where the attacked exercise may not pass here",
        f"lost, that is without a grade, and nbgrader itself says that it failed: {ends['lost']}",
        f"hung until they were stopped: {ends['hung']}",
        *(f"{note}: {count}" for note, count in notes.most_common()),
        f"honest noise that did not get full marks: {less} of {len(honest)}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def rewritten(text: str, attacks: list[Attack], results: dict[str, Result]) -> str:
    """Put the tables, and the summary, in place of those in `text`."""
    for row, heading in HEADINGS.items():
        new = table([attack for attack in attacks if attack.row == row], results)
        text, count = re.subn(
            rf"(## {heading}\n.*?)\n\| attack .*?(?=\n\n)",
            lambda match, new=new: f"{match[1]}\n{new}",
            text,
            count=1,
            flags=re.DOTALL,
        )
        if not count:
            raise ValueError(f"{README}: no table under the heading {heading!r}")
    begin, end = "<!-- summary -->\n", "\n<!-- end of summary -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return before + begin + summary(attacks, results) + end + after


def up_to_date(text: str) -> str:
    """Return the text of README.md as the corpus and stock.json have it."""
    attacks, results = corpus(), read_results()
    if missing := [each.student for each in attacks if each.student not in results]:
        raise ValueError(f"no results; run: python tests/hostile/stock.py {' '.join(missing)}")
    return rewritten(text, attacks, results)


if __name__ == "__main__":
    README.write_text(up_to_date(README.read_text(encoding="utf-8")), encoding="utf-8")
