"""What counts as proof that tests ran, and what becomes of every other answer."""

from __future__ import annotations

from typing import Any

import pytest

from grader.evidence import (
    NOT_STARTED,
    Baseline,
    Order,
    draw_controls,
    instrument,
    judge,
    order_tests,
    read_baseline,
)
from grader.inside import seal, unseal
from grader.verdicts import Verdict

BASELINE = Baseline(b"k" * 32)
TESTS = """\
def check(x):
    y = x + 1
    assert y > x, '''two
lines'''


for case in (1, 2):
    check(case)
if False:
    assert False, "never"
assert check is not None, "größer"  # a comment
"""


@pytest.fixture
def order() -> Order:
    return order_tests("double-tests-1", TESTS, ("import math",), "none", BASELINE)


def evidence(order: Order, **changes: Any) -> dict[str, Any]:
    """Return what an honest kernel knows after tests that passed."""
    return {
        "failure": None,
        "bent": [],
        "tokens": sorted(order.required),
        "controls": [control.expected for control in order.controls],
        **changes,
    }


def failure(**changes: Any) -> dict[str, Any]:
    usual = {"type": "AssertionError", "text": "wrong", "assertion": True, "memory": False}
    return {**usual, "frames": [], **changes}


def answer(order: Order, content: object, key: bytes = BASELINE.key) -> list[dict[str, Any]]:
    return [{"sealed": seal(key, b"answer" + order.nonce, repr(content).encode()).hex()}]


def verdict(order: Order, answers: list[dict[str, Any]]) -> Verdict:
    return judge(order, answers, BASELINE).verdict


# --- instrument ---------------------------------------------------------------------------------


def test_instrumenting_keeps_every_line_where_it_was() -> None:
    marked, _, _ = instrument(TESTS, "_mark")
    for before, after in zip(TESTS.splitlines(), marked.splitlines(), strict=False):
        assert after.split("; _mark(")[0] == before.split("  #")[0]


def test_instrumented_tests_hand_in_all_required_tokens_and_none_but_known_ones() -> None:
    marked, required, known = instrument(TESTS, "_mark")
    tokens: list[str] = []
    exec(compile(marked, "tests", "exec"), {"_mark": tokens.append})
    assert required <= set(tokens) < known


def test_secrets_are_drawn_anew_each_time() -> None:
    assert not instrument(TESTS, "_mark")[2] & instrument(TESTS, "_mark")[2]


def test_a_docstring_stays_one() -> None:
    marked, _, _ = instrument('def f():\n    """Doc."""\n    return 1', "_mark")
    namespace: dict[str, Any] = {"_mark": print}
    exec(compile(marked, "tests", "exec"), {"_mark": lambda _: None}, namespace)
    assert namespace["f"].__doc__ == "Doc."


# --- the seal -----------------------------------------------------------------------------------


def test_what_was_sealed_opens_with_the_same_key_and_nonce_only() -> None:
    sealed = seal(b"key", b"nonce", b"\x00data")
    assert unseal(b"key", b"nonce", sealed) == b"\x00data"
    assert unseal(b"other", b"nonce", sealed) is None
    assert unseal(b"key", b"other", sealed) is None
    assert unseal(b"key", b"nonce", sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert unseal(b"key", b"nonce", b"") is None


def test_an_order_shows_nothing_of_the_tests(order: Order) -> None:
    for word in ("check", "never", "assert", "math", *order.known):
        assert word not in order.code


# --- judge --------------------------------------------------------------------------------------


def test_when_everything_is_proved_then_the_tests_passed(order: Order) -> None:
    assert verdict(order, answer(order, evidence(order))) is Verdict.PASSED


def test_when_nothing_or_too_much_comes_back_then_it_was_tampered_with(order: Order) -> None:
    honest = answer(order, evidence(order))
    assert verdict(order, []) is Verdict.TAMPERED
    assert verdict(order, honest + honest) is Verdict.TAMPERED


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"sealed": None},
        {"sealed": "no hexadecimal digits"},
        {"sealed": "00" * 100},
        {"sealed": ["00"]},
        {"failure": None, "tokens": [], "controls": []},
    ],
)
def test_when_the_answer_is_forged_then_it_was_tampered_with(
    order: Order, forged: dict[str, Any]
) -> None:
    assert judge(order, [forged], BASELINE).message == "the answer to the tests was forged"


def test_when_the_answer_is_sealed_with_another_key_then_it_is_forged(order: Order) -> None:
    assert "forged" in judge(order, answer(order, evidence(order), b"o" * 32), BASELINE).message


def test_when_the_answer_to_another_order_is_sent_again_then_it_is_forged(order: Order) -> None:
    other = order_tests("double-tests-1", TESTS, (), "none", BASELINE)
    assert "forged" in judge(other, answer(order, evidence(order)), BASELINE).message


@pytest.mark.parametrize("content", [None, 3, [], {}, {"bent": 3}, {"bent": [], "tokens": [[]]}])
def test_when_the_evidence_has_holes_then_it_is_forged(order: Order, content: object) -> None:
    assert "forged" in judge(order, answer(order, content), BASELINE).message


def test_when_a_required_statement_did_not_run_then_it_was_tampered_with(order: Order) -> None:
    for missing in order.required:
        tokens = sorted(order.required - {missing})
        assert verdict(order, answer(order, evidence(order, tokens=tokens))) is Verdict.TAMPERED


def test_when_a_token_is_made_up_then_it_was_tampered_with(order: Order) -> None:
    tokens = [*order.required, "made up"]
    assert verdict(order, answer(order, evidence(order, tokens=tokens))) is Verdict.TAMPERED


def test_when_a_control_comes_out_wrong_then_it_was_tampered_with(order: Order) -> None:
    for index in range(len(order.controls)):
        controls = [control.expected for control in order.controls]
        controls[index] = "wrong"
        found = judge(order, answer(order, evidence(order, controls=controls)), BASELINE)
        assert found.verdict is Verdict.TAMPERED
        assert order.controls[index].about in found.message


def test_when_something_is_bent_then_the_message_names_it(order: Order) -> None:
    bent = ["torch.allclose", "b", "c", "d", "e", "f"]
    found = judge(order, answer(order, evidence(order, bent=bent)), BASELINE)
    assert found.verdict is Verdict.TAMPERED
    assert "torch.allclose" in found.message
    assert "and more" in found.message


@pytest.mark.parametrize(
    ("raised", "wanted", "message"),
    [
        (failure(), Verdict.FAILED, "wrong"),
        (failure(text=""), Verdict.FAILED, "an assertion failed"),
        (
            failure(type="NotImplementedError", text="", assertion=False),
            Verdict.ERRORED,
            NOT_STARTED,
        ),
        (
            failure(type="NotImplementedError", text="later", assertion=False),
            Verdict.ERRORED,
            "NotImplementedError: later",
        ),
        (
            failure(type="MemoryError", text="", assertion=False, memory=True),
            Verdict.OUT_OF_MEMORY,
            "MemoryError: ",
        ),
        (
            failure(type="ResourceExhaustedError", text="OOM", assertion=False),
            Verdict.OUT_OF_MEMORY,
            "ResourceExhaustedError: OOM",
        ),
        (failure(type="KeyError", text="'a'", assertion=False), Verdict.ERRORED, "KeyError: 'a'"),
    ],
)
def test_when_tests_raise_then_the_verdict_and_the_message_follow(
    order: Order, raised: dict[str, Any], wanted: Verdict, message: str
) -> None:
    found = judge(order, answer(order, evidence(order, tokens=[], failure=raised)), BASELINE)
    assert (found.verdict, found.message) == (wanted, message)


def test_the_controls_come_out_as_expected_in_a_plain_interpreter() -> None:
    for control in draw_controls("none"):
        namespace: dict[str, Any] = {}
        try:
            exec(control.program, namespace)
            came_out = repr(namespace.get("value"))
        except AssertionError as error:
            came_out = type(error).__name__
        assert came_out == control.expected, control.program


def test_a_baseline_needs_one_answer_with_its_own_nonce() -> None:
    good = {"nonce": "n", "key": "ab" * 32}
    assert read_baseline([good], "n") == Baseline(b"\xab" * 32)
    assert read_baseline([], "n") is None
    assert read_baseline([good], "m") is None
    assert read_baseline([good, good], "n") is None
