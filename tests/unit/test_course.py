from dataclasses import replace
from pathlib import Path

import pytest
from tiny_course import REGISTRY, write_course

from grader.course import Limits, find_course, load_course
from grader.errors import GraderError


def test_when_started_in_a_folder_of_a_unit_then_the_course_above_is_found(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    assert find_course(tmp_path / "solutions" / "01_tiny") == course


def test_when_there_is_no_course_then_the_error_names_the_registry(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match=r"no solutions/course\.toml in .* or above"):
        find_course(tmp_path)


def test_when_a_lesson_is_asked_for_its_files_then_they_follow_the_layout(tmp_path: Path) -> None:
    (lesson,) = write_course(tmp_path).lessons()
    assert lesson.name == "tiny_torch"
    assert lesson.kernel_name == "grader-torch"
    assert lesson.source == tmp_path / "solutions/01_tiny/tiny_torch.py"
    assert lesson.instructor == tmp_path / "solutions/01_tiny/tiny_torch.ipynb"
    assert lesson.student == tmp_path / "notebooks/01_tiny/tiny_torch.ipynb"


def test_when_a_unit_sets_a_limit_then_only_that_one_differs_from_the_course(
    tmp_path: Path,
) -> None:
    limits = "[limits]\nmemory_mb = 500\n\n[[units]]"
    registry = REGISTRY.replace("[[units]]", limits) + "limits.cell_seconds = 0.5\n"
    course = write_course(tmp_path, registry=registry)
    assert course.limits == Limits(memory_mb=500)
    assert course.units[0].limits == replace(course.limits, cell_seconds=0.5)


def test_when_a_unit_is_misspelt_then_the_error_suggests_the_right_one(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    with pytest.raises(GraderError, match="did you mean 01_tiny"):
        course.unit("01_tinny")
    with pytest.raises(GraderError, match="the course has: 01_tiny"):
        course.unit("zzz")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('course = "tiny"', "", "course is missing"),
        ('course = "tiny"', 'course = "tiny"\ncolour = 1', "unknown key 'colour'"),
        ('course = "tiny"', 'course = "tiny', "not valid TOML"),
        ("minutes = 5", "", "unit 01_tiny: minutes is missing"),
        ("minutes = 5", 'minutes = "5"', "minutes = '5' must be of type int"),
        ("minutes = 5", "minutes = 5\nmintes = 5", "unit 01_tiny: unknown key 'mintes'"),
        ("minutes = 5", "minutes = 5\nlimits.cpu = 5", "limits: unknown key 'cpu'"),
        ("minutes = 5", "minutes = 5\nlimits.memory_mb = 0", "must be a number above zero"),
        ("minutes = 5", "minutes = 5\nlimits.processes = 1.5", "must be a number above zero"),
        ('"01_tiny"', '"tiny"', "name 'tiny' should look like '03_blocks'"),
        ('"01_tiny"', '"02_small"', "unit 02_small has no folder solutions/02_small; make"),
        ('"torch"]', '"jax"]', "unknown framework 'jax'; known are torch, tensorflow"),
        ('"torch"]', '"torch", "torch"]', "frameworks must be a list of different names"),
        ('["torch"]', "[]", "frameworks is empty"),
    ],
)
def test_when_the_registry_is_wrong_then_the_error_names_file_place_and_fault(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    write_course(tmp_path)
    path = tmp_path / "solutions" / "course.toml"
    path.write_text(REGISTRY.replace(old, new))
    with pytest.raises(GraderError, match=r"course\.toml") as caught:
        load_course(tmp_path)
    assert message in str(caught.value)


def test_when_a_unit_is_listed_twice_then_the_error_names_it(tmp_path: Path) -> None:
    write_course(tmp_path)
    unit = REGISTRY[REGISTRY.index("[[units]]") :]
    (tmp_path / "solutions" / "course.toml").write_text(REGISTRY + unit)
    with pytest.raises(GraderError, match="unit 01_tiny is listed twice"):
        load_course(tmp_path)
