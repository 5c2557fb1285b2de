"""Holds the files that describe an environment against each other."""

from __future__ import annotations

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECIDES_OUTPUTS = {
    "tensorflow",
    "keras",
    "torch",
    "numpy",
    "nbgrader",
    "nbval",
    "ipykernel",
    "nbclient",
    "jupyter_client",
    "jupyterlab",
}


def test_what_decides_outputs_is_pinned_exactly() -> None:
    pins = {Requirement(line).name: Requirement(line).specifier for line in PROJECT["dependencies"]}
    for name in DECIDES_OUTPUTS:
        assert [spec.operator for spec in pins[name]] == ["=="], name


def test_the_conda_environment_installs_this_project_and_names_no_other_package() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (nested,) = [entry for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert nested == {"pip": ["--editable ."]}
    python, pip = plain
    assert pip == "pip"
    version = python.removeprefix("python=")
    assert version in SpecifierSet(PROJECT["requires-python"])


def test_the_tests_extra_adds_tools_and_repeats_no_dependency() -> None:
    names = {Requirement(line).name for line in PROJECT["dependencies"]}
    extra = {Requirement(line).name for line in PROJECT["optional-dependencies"]["test"]}
    assert not names & extra
