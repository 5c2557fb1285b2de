"""`grader doctor` names what is wrong, with its remedy, and says so by its exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader import doctor as doctor_module
from grader import launcher, sandbox
from grader.course import Course
from grader.doctor_command import doctor


@pytest.fixture
def course(make_registered: Callable[[Path], Course], tmp_path: Path) -> Course:
    return make_registered(tmp_path / "course")


def ask(course: Course, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(course.root)
    return CliRunner().invoke(doctor)


def test_where_all_is_well_everything_is_ok(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ask(course, monkeypatch)
    assert result.exit_code == 0, result.output
    assert {line.split()[0] for line in result.output.splitlines()} == {"ok"}
    for word in ("torch 2.13", "Landlock", "grader-torch starts warm", "Validate", "gradebook.db"):
        assert word in result.output


def test_a_package_of_another_version_is_an_error_with_its_remedy(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = doctor_module.metadata.version
    monkeypatch.setattr(
        doctor_module.metadata, "version", lambda name: "1.0" if name == "keras" else version(name)
    )
    result = ask(course, monkeypatch)
    assert result.exit_code == 1
    assert "keras is 1.0, wanted ==3.15.1" in result.output
    assert "→ pip install -e" in result.output


def test_without_any_containment_it_names_both_and_the_way_out(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_lacking_landlock", lambda: "no Landlock here")
    monkeypatch.setattr(sandbox, "_lacking_namespaces", lambda: "no namespaces either")
    result = ask(course, monkeypatch)
    assert result.exit_code == 1
    assert "no Landlock here; no namespaces either" in result.output
    assert "--no-sandbox" in result.output


def test_a_framework_that_cannot_be_imported_is_a_cold_kernel(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(framework: str) -> launcher.Zygote:
        raise launcher.LaunchError(f"no module named {framework}")

    monkeypatch.setattr(launcher, "zygote_for", fail)
    result = ask(course, monkeypatch)
    assert result.exit_code == 0
    assert "grader-torch starts cold: no module named torch" in result.output


def test_a_lesson_that_was_not_built_and_a_gradebook_that_does_not_answer_are_named(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(course.lessons()).instructor.unlink()
    with (course.root / "nbgrader_config.py").open("a") as file:
        url = "postgresql+psycopg://nobody:secret@127.0.0.1:1/none"
        file.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    result = ask(course, monkeypatch)
    assert result.exit_code == 1
    assert "not built: tiny_torch" in result.output
    assert "does not answer" in result.output
    assert "secret" not in result.output


def test_outside_a_course_it_says_so_and_looks_at_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 0
    assert "no solutions/course.toml" in result.output
