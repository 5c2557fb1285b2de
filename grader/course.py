"""The registry of the course: units, lessons and limits, read from `solutions/course.toml`."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from grader.errors import GraderError

REGISTRY = Path("solutions", "course.toml")
FRAMEWORKS = {"torch": "PyTorch", "tensorflow": "TensorFlow"}

_UNIT_NAME = re.compile(r"\d\d_[a-z][a-z0-9_]*")
_STEM = re.compile(r"[a-z][a-z0-9_]*")
_COURSE_KEYS: dict[str, type] = {"course": str, "limits": dict, "units": list}
_UNIT_KEYS: dict[str, type] = {
    "name": str,
    "stem": str,
    "title": str,
    "prerequisites": list,
    "frameworks": list,
    "minutes": int,
    "limits": dict,
}
_OPTIONAL = {"limits", "prerequisites"}


@dataclass(frozen=True)
class Limits:
    """What one submission of one unit may use; `course.toml` says what each number bounds."""

    cell_seconds: float = 30
    notebook_seconds: float = 120
    memory_mb: int = 2000
    processes: int = 64
    output_kb: int = 512
    file_mb: int = 64


@dataclass(frozen=True)
class Unit:
    """One folder of lessons on one subject; to nbgrader, an assignment."""

    name: str
    stem: str
    title: str
    prerequisites: tuple[str, ...]
    frameworks: tuple[str, ...]
    minutes: int
    limits: Limits

    @property
    def number(self) -> str:
        """Return the two digits that `listings.toml` knows the unit by."""
        return self.name[:2]


@dataclass(frozen=True)
class Lesson:
    """One unit in one framework: one source, and the two notebooks built from it."""

    root: Path
    unit: Unit
    framework: str

    @property
    def name(self) -> str:
        """Return the notebook's name, which is its notebook id in the gradebook."""
        return f"{self.unit.stem}_{self.framework}"

    @property
    def source(self) -> Path:
        return self.root / "solutions" / self.unit.name / f"{self.name}.py"

    @property
    def instructor(self) -> Path:
        return self.source.with_suffix(".ipynb")

    @property
    def student(self) -> Path:
        return self.root / "notebooks" / self.unit.name / f"{self.name}.ipynb"

    @property
    def kernel_name(self) -> str:
        """Return the kernel spec that grades the lesson: warm, and contained."""
        return f"grader-{self.framework}"


@dataclass(frozen=True)
class Course:
    """All units in teaching order, and the folder that holds them."""

    root: Path
    name: str
    limits: Limits
    units: tuple[Unit, ...]

    def unit(self, name: str) -> Unit:
        """Return the unit called `name`, or say which one may be meant."""
        for unit in self.units:
            if unit.name == name:
                return unit
        names = [unit.name for unit in self.units]
        close = get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"the course has: {', '.join(names)}"
        raise GraderError(f"there is no unit {name!r} in {REGISTRY}; {hint}")

    def lessons(self, unit: Unit | None = None) -> Iterator[Lesson]:
        """Yield the lessons of `unit`, or of the whole course, in teaching order."""
        for each in self.units if unit is None else (unit,):
            for framework in each.frameworks:
                yield Lesson(self.root, each, framework)


def find_course(start: Path) -> Course:
    """Load the course that `start` lies in: the nearest folder above with solutions/course.toml."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / REGISTRY).is_file():
            return load_course(folder)
    raise GraderError(f"no {REGISTRY} in {start} or above it; run this inside a course folder")


def load_course(root: Path) -> Course:
    """Read the registry under `root` and insist that it makes sense."""
    path = root / REGISTRY
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GraderError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GraderError(f"{path} is not valid TOML: {error}") from error
    _insist(table, _COURSE_KEYS, f"{path}")
    limits = _limits(table.get("limits", {}), Limits(), f"{path}: [limits]")
    units: list[Unit] = []
    for number, entry in enumerate(table["units"], 1):
        if not isinstance(entry, dict):
            raise GraderError(f"{path}: units must be tables; write [[units]] above each")
        unit = unit_of(entry, limits, f"{path}: unit {entry.get('name', number)}")
        if unit.name in {other.name for other in units}:
            raise GraderError(f"{path}: unit {unit.name} is listed twice; delete one of the two")
        if not (root / "solutions" / unit.name).is_dir():
            raise GraderError(
                f"{path}: unit {unit.name} has no folder solutions/{unit.name}; "
                "make the folder, or take the unit out of the registry"
            )
        units.append(unit)
    return Course(root, table["course"], limits, tuple(units))


def unit_of(entry: Mapping[str, Any], limits: Limits, where: str) -> Unit:
    """Check one `[[units]]` table and turn it into a Unit; `where` begins what an error says."""
    _insist(entry, _UNIT_KEYS, where)
    for key, pattern, example in (("name", _UNIT_NAME, "03_blocks"), ("stem", _STEM, "blocks")):
        if not pattern.fullmatch(entry[key]):
            raise GraderError(f"{where}: {key} {entry[key]!r} should look like {example!r}")
    for key in ("frameworks", "prerequisites"):
        values = entry.get(key, [])
        if not all(isinstance(value, str) for value in values) or len(set(values)) < len(values):
            raise GraderError(f"{where}: {key} must be a list of different names in quotes")
    for framework in entry["frameworks"]:
        if framework not in FRAMEWORKS:
            known = ", ".join(FRAMEWORKS)
            raise GraderError(f"{where}: unknown framework {framework!r}; known are {known}")
    if not entry["frameworks"]:
        raise GraderError(f"{where}: frameworks is empty; name at least one")
    return Unit(
        name=entry["name"],
        stem=entry["stem"],
        title=entry["title"],
        prerequisites=tuple(entry.get("prerequisites", ())),
        frameworks=tuple(entry["frameworks"]),
        minutes=entry["minutes"],
        limits=_limits(entry.get("limits", {}), limits, f"{where}: limits"),
    )


def _limits(table: Mapping[str, object], base: Limits, where: str) -> Limits:
    """Return `base` with the numbers of `table` put over it."""
    kinds = {field.name: field.type for field in dataclasses.fields(Limits)}
    changes: dict[str, float] = {}
    for key, value in table.items():
        _insist_known(key, kinds, where)
        wanted = (int,) if kinds[key] == "int" else (int, float)
        if not isinstance(value, wanted) or isinstance(value, bool) or value <= 0:
            raise GraderError(f"{where}: {key} = {value!r} must be a number above zero")
        changes[key] = value
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def _insist(table: Mapping[str, object], keys: Mapping[str, type], where: str) -> None:
    """Raise unless `table` has these keys, of these types, and no others."""
    for key, value in table.items():
        _insist_known(key, keys, where)
        if not isinstance(value, keys[key]) or isinstance(value, bool):
            raise GraderError(f"{where}: {key} = {value!r} must be of type {keys[key].__name__}")
    for key in keys:
        if key not in table and key not in _OPTIONAL:
            raise GraderError(f"{where}: {key} is missing; add it")


def _insist_known(key: str, keys: Mapping[str, object], where: str) -> None:
    """Raise when `key` is none of `keys`."""
    if key not in keys:
        raise GraderError(f"{where}: unknown key {key!r}; known are {', '.join(keys)}")
