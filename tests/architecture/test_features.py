from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.architecture.features import README, ROOT, features, readme_with_table


def test_every_promise_names_tests_that_exist() -> None:
    missing = []
    for feature in features():
        assert feature.tests, feature.name
        for test in feature.tests:
            file, _, name = test.partition("::")
            if name not in _functions(ROOT / file):
                missing.append(test)
    assert missing == []


@cache
def _functions(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_the_readme_shows_the_table_as_it_is() -> None:
    assert readme_with_table(README.read_text()) == README.read_text(), "run: .venv/bin/python -m tests.architecture.features"
