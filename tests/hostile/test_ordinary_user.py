"""What holds for root holds for an ordinary user: the sandbox, and a few attacks of each kind.

Where the tests do not run as root anyway, that is what all the others show.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import container
import pytest
from corpus import ONLY_FEW

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    ONLY_FEW: "1",
}


@pytest.fixture(autouse=True)
def _needs_a_container() -> None:
    if missing := container.lacking():
        pytest.skip(missing)


@pytest.mark.parametrize("tests", ["tests/unit/test_sandbox.py", "tests/hostile/test_hostile.py"])
def test_it_holds_for_an_ordinary_user(tests: str) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    outcome = container.run(words, ROOT, ENVIRONMENT, seconds=900)
    assert outcome.status == 0, outcome.output
    assert " passed" in outcome.output
    assert outcome.left == []


def test_the_doctor_says_which_containment_an_ordinary_user_has() -> None:
    code = (
        "from pathlib import Path; from grader.doctor import findings;"
        "print(next(each for each in findings(Path.cwd()) if each.about == 'sandbox'))"
    )
    outcome = container.run([sys.executable, "-c", code], ROOT, ENVIRONMENT, seconds=300)
    assert "state='ok'" in outcome.output
    assert "calls by seccomp, without root" in outcome.output
