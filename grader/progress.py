"""Remembers how a student's exercises stood when last checked, and which hints were read.

Kept in the user's own state folder, not beside the notebooks: nothing of it is handed in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from .selfcheck import Checked, Exercise, State, exercises, read_notebook


def state_file() -> Path:
    """Return where the progress of this user is kept."""
    return platformdirs.user_state_path("frameworks-inside") / "progress.json"


class Memory:
    """What earlier checks found: per notebook, per exercise, its state and the hints shown."""

    def __init__(self) -> None:
        self.path = state_file()
        try:
            self.data: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or somebody else's: begin anew
            self.data = {}

    def _entry(self, path: Path, exercise: str) -> dict[str, Any]:
        notebook = self.data.setdefault(str(path.resolve()), {})
        entry: dict[str, Any] = notebook.setdefault(exercise, {"state": State.NOT_STARTED.value})
        return entry

    def note(self, checked: Checked) -> None:
        """Keep the states of a check."""
        for result in checked.results:
            self._entry(checked.path, result.exercise.name)["state"] = result.state.value
        self.save()

    def state(self, path: Path, exercise: str) -> State:
        """Return how an exercise stood; not started where it was never checked."""
        entry = self.data.get(str(path.resolve()), {}).get(exercise, {})
        return State(entry.get("state", State.NOT_STARTED))

    def next_hint(self, path: Path, exercise: Exercise) -> str:
        """Return the next hint that was not shown yet; after the last one, the last one again."""
        if not exercise.hints:
            return ""
        entry = self._entry(path, exercise.name)
        number = min(entry.get("hints", 0), len(exercise.hints) - 1)
        entry["hints"] = number + 1
        self.save()
        return f"Hint {number + 1} of {len(exercise.hints)}: {exercise.hints[number]}"

    def save(self) -> None:
        """Write in one move: a check that is interrupted must not cost the memory of the others."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(json.dumps(self.data, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(self.path)


@dataclass(frozen=True)
class Standing:
    """How far one notebook has come."""

    path: Path
    states: dict[str, State]
    titles: dict[str, str]
    points: float
    max_points: float

    @property
    def done(self) -> int:
        return sum(state is State.PASSED for state in self.states.values())

    @property
    def next_title(self) -> str:
        """Return the title of the first exercise that has not passed, "" when all have."""
        return next((self.titles[n] for n, s in self.states.items() if s is not State.PASSED), "")


def standing(path: Path, memory: Memory) -> Standing:
    """Look up how far a notebook has come, without running it."""
    found = exercises(read_notebook(path))
    states = {each.name: memory.state(path, each.name) for each in found}
    return Standing(
        path,
        states,
        {each.name: each.title for each in found},
        sum(each.points for each in found if states[each.name] is State.PASSED),
        sum(each.points for each in found),
    )


def draw(standings: Iterable[Standing], picture: Path) -> None:
    """Draw a bar per notebook, up to all of its points; SVG or PNG by the name of the file."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    rows = list(standings)
    fig, axis = plt.subplots(figsize=(7, 0.6 + 0.3 * len(rows)), layout="constrained")
    names = [f"{row.path.parent.name}/{row.path.stem}" for row in rows]
    shares = [row.points / row.max_points for row in rows]
    axis.barh(names, [1.0] * len(rows), color="0.9")
    axis.barh(names, shares, color="tab:green")
    for place, row in enumerate(rows):
        axis.text(1.01, place, f"{row.points:g} / {row.max_points:g}", va="center")
    axis.set(xlim=(0, 1.15), title="points whose visible tests pass")
    axis.invert_yaxis()
    axis.set_xticks([])
    for side in ("top", "right", "bottom"):
        axis.spines[side].set_visible(False)
    picture.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(picture, dpi=120)
    plt.close(fig)
