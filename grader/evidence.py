"""Demands proof that the assertions of a tests cell ran, in an interpreter that nobody bent.

A pass needs four things at once, each drawn anew for every cell of every run:

- a seal: order and answer are encrypted and signed with a key that the kernel drew before any code
  of a student's ran in it, so no message can be read, forged or sent again;
- tokens: each statement and assertion of the tests hands in a secret of its own; one that did not
  run is missing;
- nothing bent: functions and classes that tests rely on are the objects that they were before the
  student's code ran, and nothing hooks into the running of cells, before, during and after;
- controls: small programs with random values that must fail, or must give a value that only this
  side knows, come out right after the tests.

`grader/inside.py` is the part that runs in the kernel.
"""

from __future__ import annotations

import ast
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from . import inside
from .verdicts import Verdict

MIME = inside.MIME
_INSIDE = resources.files(__package__).joinpath("inside.py").read_text(encoding="utf-8")
_PRELOADED = {
    # torch wraps functions of its own (torch.manual_seed) when it imports `torch._dynamo`, which
    # it does with the first optimizer, and `nn.Module.__init__` when a compiled function is first
    # called: before the baseline, so that it is not taken for tampering.
    "torch": (
        "numpy.testing",
        "torch",
        "torch._dynamo",
        "torch._dynamo.mutation_guard:install_generation_tagging_init",
        "torch.testing",
        "unittest.mock",
    ),
    "tensorflow": ("numpy.testing", "tensorflow", "keras", "unittest.mock"),
}
_random = random.SystemRandom()

NOT_STARTED = "not solved yet: the solution cell still raises NotImplementedError"
"""What an untouched exercise is told."""


@dataclass(frozen=True)
class Baseline:
    """What ties orders to a kernel that was asked before any code of a student's ran in it."""

    key: bytes


@dataclass(frozen=True)
class Control:
    """A program that binds `value`, and the repr (or the name of the exception) that is right."""

    program: str
    expected: str
    about: str


@dataclass(frozen=True)
class Order:
    """One demand for evidence: the code to send to the kernel, and what a true answer holds."""

    code: str
    nonce: bytes
    tests: str
    required: frozenset[str]
    known: frozenset[str]
    controls: tuple[Control, ...]


@dataclass(frozen=True)
class Finding:
    """What the evidence says about one tests cell."""

    verdict: Verdict
    message: str = ""
    frames: tuple[tuple[str, int, str, str], ...] = field(default=())
    error: str = ""


def snapshot_order(framework: str) -> tuple[str, str]:
    """Draw the request that puts the guard into a new kernel: (code, nonce).

    It avoids names that a notebook may use for something else. The guard gets builtins of its own.
    """
    nonce = secrets.token_hex(16)
    modules = _PRELOADED.get(framework, ())
    builtins = "__import__('builtins')"
    code = (
        f"(lambda ns: ({builtins}.exec({builtins}.compile({_INSIDE!r}, '<grader>', 'exec'), ns), "
        f"ns['install'](__import__('IPython').get_ipython(), {modules!r}, {nonce!r}))[1])"
        f"({{'__builtins__': dict(vars({builtins})), '__name__': 'grader'}})"
    )
    return code, nonce


def read_baseline(answers: list[dict[str, Any]], nonce: str) -> Baseline | None:
    """Read the kernel's answer to `snapshot_order`; None when it gave none."""
    if len(answers) != 1 or answers[0].get("nonce") != nonce:
        return None
    return Baseline(bytes.fromhex(answers[0]["key"]))


def order_tests(
    grade_id: str, source: str, setup: tuple[str, ...], framework: str, baseline: Baseline
) -> Order:
    """Draw the request that runs the tests `source` and proves it."""
    nonce, mark = secrets.token_bytes(16), f"_{secrets.token_hex(8)}"
    marked, required, known = instrument(source, mark)
    controls = draw_controls(framework)
    order = {
        "source": marked,
        "filename": f"<tests {grade_id}>",
        "setup": list(setup),
        "imports": sorted(_imported(setup) - _stored(source)),
        "mark": mark,
        "controls": [control.program for control in controls],
    }
    sealed = inside.seal(baseline.key, b"order" + nonce, repr(order).encode())
    code = f"__import__('sys').audit({inside.TESTS!r}, {nonce!r}, {sealed!r})"
    return Order(code, nonce, source, required, known, controls)


@cache
def _imported(setup: tuple[str, ...]) -> frozenset[str]:
    """List the names that setup cells import."""
    return frozenset(
        (name.asname or name.name).partition(".")[0]
        for text in setup
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in node.names
    )


@cache
def _stored(source: str) -> frozenset[str]:
    """List the names that tests bind themselves."""
    return _imported((source,)) | {
        node.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def instrument(source: str, mark: str) -> tuple[str, frozenset[str], frozenset[str]]:
    """Append `; mark('secret')` to simple statements of the tests, without moving a line.

    Returns the new source, the secrets of the statements that are certain to run when the tests
    pass, and all secrets. Statements elsewhere, in functions and branches, are marked too, but an
    honest run need not reach them. A mark is also the moment at which the guard looks around.
    """
    required, known = set(), set()
    lines = [line.encode() for line in source.splitlines()]
    for line, column, certain in _ends_of_statements(source):
        secret = secrets.token_hex(8)
        known.add(secret)
        if certain:
            required.add(secret)
        text = f"; {mark}({secret!r})".encode()
        lines[line - 1] = lines[line - 1][:column] + text + lines[line - 1][column:]
    last = secrets.token_hex(8)
    required.add(last)
    known.add(last)
    marked = b"\n".join(lines).decode()
    return f"{marked}\n{mark}({last!r})\n", frozenset(required), frozenset(known)


@cache
def _ends_of_statements(source: str) -> list[tuple[int, int, bool]]:
    """List, from the last to the first, where simple statements end: line, column in bytes, and
    whether the statement is certain to run. A class has the same tests, so they are parsed once.
    """
    tree = ast.parse(source)
    certain = set(map(id, certain_statements(tree.body)))
    simple = (ast.Assert, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)
    ends = []
    for node in ast.walk(tree):
        if isinstance(node, simple):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            ends.append((node.end_lineno, node.end_col_offset, id(node) in certain))
    return sorted(ends, reverse=True)


def certain_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run whenever `body` runs to its end.

    They include the bodies of `with` and of loops over a list that is written out: the tests of a
    lesson loop over cases.
    """
    for statement in body:
        yield statement
        if isinstance(statement, ast.With) or (
            isinstance(statement, ast.For)
            and isinstance(statement.iter, (ast.List, ast.Tuple))
            and statement.iter.elts
            and not any(isinstance(node, (ast.Break, ast.Continue)) for node in ast.walk(statement))
        ):
            yield from certain_statements(statement.body)


def draw_controls(framework: str) -> tuple[Control, ...]:
    """Draw programs of which some must fail and some must hold, in an order nobody can foresee."""
    a, b = _random.sample(range(10, 10_000), 2)
    controls = [
        Control(f"assert {a} == {b}, 'control'", "AssertionError", "assert"),
        Control(f"assert {a} == {a}\nvalue = {a} - {b}", repr(a - b), "assert"),
        Control(
            f"value = isinstance({a}, str), isinstance({a}, int)", "(False, True)", "isinstance"
        ),
        Control(
            f"value = abs(-{a}), all([{a}, 0]), any([0, {b}]), len([0] * {a % 90}), max({a}, {b})",
            repr((a, False, True, a % 90, max(a, b))),
            "builtins",
        ),
        Control(
            f"import numpy as np\nvalue = bool(np.allclose([{a}.0], [{b}.0])), "
            f"bool(np.allclose([{a}.0], [{a}.0])), bool(np.array_equal([{a}], [{b}]))",
            "(False, True, False)",
            "numpy.allclose",
        ),
        Control(
            f"import numpy as np\nnp.testing.assert_allclose([{a}.0], [{b}.0])",
            "AssertionError",
            "numpy.testing",
        ),
    ]
    if framework == "torch":
        controls += [
            Control(
                f"import torch\nx, y = torch.tensor([{a}.0]), torch.tensor([{b}.0])\n"
                "value = torch.allclose(x, y), torch.allclose(x, x), torch.equal(x, y), "
                f"float((x + y).sum()), bool((x == y).all())",
                repr((False, True, False, float(a + b), False)),
                "torch.allclose",
            ),
            Control(
                f"from torch import tensor, testing\n"
                f"testing.assert_close(tensor({a}.0), tensor({b}.0))",
                "AssertionError",
                "torch.testing.assert_close",
            ),
        ]
    if framework == "tensorflow":
        controls += [
            Control(
                f"import tensorflow as tf\nx, y = tf.constant([{a}.0]), tf.constant([{b}.0])\n"
                "value = bool(tf.reduce_all(x == y)), float(tf.reduce_sum(x + y))",
                repr((False, float(a + b))),
                "tf.reduce_all",
            ),
            Control(
                f"import tensorflow as tf\ntf.debugging.assert_equal(tf.constant({a}), {b})",
                "InvalidArgumentError",
                "tf.debugging",
            ),
        ]
    _random.shuffle(controls)
    return tuple(controls)


def judge(order: Order, answers: list[dict[str, Any]], baseline: Baseline) -> Finding:
    """Weigh what the kernel published for an order. Raises nothing, whatever it published."""
    if not answers:
        return Finding(
            Verdict.TAMPERED,
            "nothing proves that the tests ran: the notebook changed how cells run",
        )
    if len(answers) > 1:
        return Finding(
            Verdict.TAMPERED, "the notebook answered for the tests: more than one result came back"
        )
    try:
        sealed = bytes.fromhex(answers[0]["sealed"])
        text = inside.unseal(baseline.key, b"answer" + order.nonce, sealed)
        if text is None:
            return Finding(Verdict.TAMPERED, "the answer to the tests was forged")
        return _judge(order, ast.literal_eval(text.decode()))
    except (KeyError, TypeError, ValueError, AttributeError, SyntaxError):
        return Finding(Verdict.TAMPERED, "the answer to the tests was forged")


def _judge(order: Order, answer: dict[str, Any]) -> Finding:
    tokens, bent = answer["tokens"], answer["bent"]
    if bent:
        listed = ", ".join(map(str, bent[:5])) + (" and more" if len(bent) > 5 else "")
        return Finding(
            Verdict.TAMPERED, f"the notebook replaced what tests and cells rely on: {listed}"
        )
    for control, value in zip(order.controls, answer["controls"], strict=True):
        if value != control.expected:
            return Finding(
                Verdict.TAMPERED,
                f"{control.about} no longer tells right from wrong in this notebook",
            )
    failure = answer["failure"]
    if failure is None:
        if not order.required <= set(tokens) <= order.known:
            return Finding(
                Verdict.TAMPERED, "the tests ended without running all of their statements"
            )
        return Finding(Verdict.PASSED)
    frames = tuple(
        (str(f), int(line), str(name), str(text)) for f, line, name, text in failure["frames"]
    )
    kind, text = str(failure["type"]), str(failure["text"])
    if failure["assertion"]:
        return Finding(Verdict.FAILED, text or "an assertion failed", frames, kind)
    if kind == "NotImplementedError" and not text:
        return Finding(Verdict.ERRORED, NOT_STARTED, frames, kind)
    if is_memory_error(kind, text):
        return Finding(Verdict.OUT_OF_MEMORY, f"{kind}: {text}", frames, kind)
    return Finding(Verdict.ERRORED, f"{kind}: {text}" if text else kind, frames, kind)


def is_memory_error(kind: str, text: str) -> bool:
    """Tell whether an error says that memory was too small: Python's, NumPy's and frameworks' own.

    TensorFlow raises ResourceExhaustedError, PyTorch on a CPU a RuntimeError with these words.
    """
    return (
        kind.endswith("MemoryError")
        or kind == "ResourceExhaustedError"
        or "can't allocate memory" in text
    )
