"""A run of the whole suite fails when a promise of the feature table was not shown by a passing test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.features import features


class Proofs:
    """Collects which tests passed; judges at the end of a run that was asked for everything."""

    def __init__(self, config: pytest.Config) -> None:
        self._whole = _whole_suite(config)
        self._passed: set[str] = set()
        self._skipped: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.partition("[")[0]
        if report.skipped:
            self._skipped.add(test)
        elif report.when == "call" and report.passed:
            self._passed.add(test)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._whole and self.unproven():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._whole:
            for name, test in self.unproven():
                terminalreporter.write_line(f"UNPROVEN: {name}: {test} did not pass", red=True)

    def unproven(self) -> list[tuple[str, str]]:
        """Promises whose test ran and did not pass, or never ran; a test skipped for a peer that is missing here has said so itself."""
        return [(feature.name, test) for feature in features() for test in feature.tests if test not in self._passed | self._skipped]


def _whole_suite(config: pytest.Config) -> bool:
    narrowed = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("lf", default=False)
    return not narrowed and [Path(argument).name for argument in config.args] == ["tests"]
