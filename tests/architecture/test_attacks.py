from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.architecture.attacks import PAGE, attacks, page
from tests.architecture.features import ROOT


def test_every_attack_is_met_by_tests_that_exist_case_by_case() -> None:
    missing = []
    for attack in attacks():
        assert attack.tests, attack.what
        for test in attack.tests:
            file, _, name = test.partition("::")
            function, _, case = name.partition("[")
            functions, texts = _said_in(ROOT / file)
            if function not in functions or (case and case.removesuffix("]") not in texts):
                missing.append(test)
    assert missing == []


@cache
def _said_in(path: Path) -> tuple[set[str], set[str]]:
    """The functions of a file, also within classes, and its texts, which name the cases."""
    nodes = list(ast.walk(ast.parse(path.read_text()))) if path.exists() else []
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return functions, {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_page_shows_the_table_as_it_is() -> None:
    assert page() == PAGE.read_text(), "run: .venv/bin/python -m tests.architecture.attacks"
