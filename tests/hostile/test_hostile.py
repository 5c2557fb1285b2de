"""Every attack of the corpus ends as it declares, and nobody else notices."""

from __future__ import annotations

import os

import pytest
from conftest import NEIGHBOURS, Graded
from corpus import FEW, ONLY_FEW, Attack, corpus, kept_text
from readme import HEADINGS, README, up_to_date

CORPUS = corpus()
STUDENTS = [attack.student for attack in [*CORPUS, *NEIGHBOURS]]


def _attack(graded: Graded, student: str) -> Attack:
    return next(a for a in [*graded.attacks, *NEIGHBOURS] if a.student == student)


@pytest.mark.parametrize("student", STUDENTS)
def test_each_ends_as_declared(graded: Graded, student: str) -> None:
    attack = _attack(graded, student)
    report = graded.report(attack)
    ended = {cell.exercise: (cell.verdict.value, cell.message) for cell in report.cells}
    story = f"{ended}, repairs {report.repairs}, notes {report.notes}, {report.start}"
    assert set(ended) == {"double", "total"}, story
    for exercise, (verdict, _) in ended.items():
        wanted = attack.verdicts if exercise == attack.exercise else attack.rest
        assert verdict in wanted, f"{exercise}: {verdict}, not {wanted}: {story}"
    for cell in report.cells:
        assert cell.points == (cell.max_points if cell.verdict == "passed" else 0), story
    said = " ".join(
        [ended[attack.exercise][1], *report.repairs, *report.notes, kept_text(graded.kept(attack))]
    )
    assert attack.says in said, story


@pytest.mark.parametrize("student", STUDENTS)
def test_what_it_looked_for_is_in_nothing_that_is_kept(graded: Graded, student: str) -> None:
    attack = _attack(graded, student)
    text = kept_text(graded.kept(attack))
    for word in attack.hides:
        assert word not in text
        assert word[::-1] not in text


@pytest.mark.parametrize("student", [n.student for n in NEIGHBOURS])
def test_neighbours_get_what_they_get_without_attackers(graded: Graded, student: str) -> None:
    assert graded.marks()[student] == graded.alone[student]


def test_the_batch_ends_by_itself_with_everybody_graded(graded: Graded) -> None:
    assert graded.progress.lost == {}
    assert sorted(graded.progress.done) == sorted(STUDENTS)


def test_every_submission_starts_warm(graded: Graded) -> None:
    starts = {graded.report(_attack(graded, student)).start for student in STUDENTS}
    assert starts == {"warm"}


def test_no_process_is_left(graded: Graded) -> None:
    assert graded.left == []


def test_no_scratch_folder_is_left(graded: Graded) -> None:
    assert graded.scratch_left == []


def test_nobody_reached_the_network(graded: Graded) -> None:
    assert graded.connections == []


def test_nothing_outside_changes(graded: Graded) -> None:
    assert graded.world() == graded.before


def test_the_gradebook_holds_what_the_reports_say(graded: Graded) -> None:
    with graded.desk.gradebook() as gradebook:
        kept = {each["student"]: each["score"] for each in gradebook.submission_dicts("90_tiny")}
    wanted = {s: graded.report(_attack(graded, s)).points for s in STUDENTS}
    assert {student: kept[student] for student in wanted} == wanted


def test_nothing_that_is_kept_is_large(graded: Graded) -> None:
    sizes = {s: graded.kept(_attack(graded, s)).stat().st_size for s in STUDENTS}
    assert max(sizes.values()) < 1 << 20, sorted(sizes.items(), key=lambda item: -item[1])[:5]


def test_feedback_shows_no_hidden_test(graded: Graded) -> None:
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory

    config = graded.desk.config.copy()
    config.CourseDirectory.student_id = "peeking-*"
    config.CourseDirectory.assignment_id = graded.unit.name
    GenerateFeedback(coursedir=CourseDirectory(config=config), config=config).start()
    peekers = [attack for attack in CORPUS if attack.row == "peeking"]
    for attack in peekers:
        folder = graded.desk.folder("feedback", attack.student, graded.unit)
        (page,) = folder.glob("*.html")
        text = page.read_text(encoding="utf-8")
        assert "double" in text
        for word in ("zanzibar", "rabiznaz", "seven halves"):
            assert word not in text, attack.student


@pytest.mark.skipif(ONLY_FEW in os.environ, reason="the tables hold all")
def test_the_tables_of_the_readme_hold_the_corpus_and_what_stock_nbgrader_makes_of_it() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == up_to_date(text), "python tests/hostile/readme.py writes them anew"


def test_the_few_for_an_ordinary_user_are_there_and_some_of_each_row() -> None:
    assert {attack.student for attack in CORPUS} >= FEW
    assert {student.split("-")[0] for student in FEW} == set(HEADINGS)
