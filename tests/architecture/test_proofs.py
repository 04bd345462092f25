from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.architecture.features import features
from tests.proofs import Proofs


def _config(*arguments: str) -> pytest.Config:
    return cast("pytest.Config", SimpleNamespace(args=list(arguments), getoption=lambda _name, default=None: default))


def _report(test: str, **outcome: Any) -> pytest.TestReport:
    return cast("pytest.TestReport", SimpleNamespace(nodeid=test, when="call", **{"passed": False, "skipped": False, **outcome}))


def test_a_whole_run_fails_when_a_promises_test_did_not_pass() -> None:
    proofs = Proofs(_config("tests"))
    promised = [test for feature in features() for test in feature.tests]
    for test in promised[1:]:
        proofs.pytest_runtest_logreport(_report(f"{test}[one]", passed=True))
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK)

    proofs.pytest_sessionfinish(cast("pytest.Session", session))

    assert [test for _, test in proofs.unproven()] == [promised[0]]
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED


def test_a_run_of_a_part_judges_nothing() -> None:
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK)

    Proofs(_config("tests/unit")).pytest_sessionfinish(cast("pytest.Session", session))

    assert session.exitstatus == pytest.ExitCode.OK
