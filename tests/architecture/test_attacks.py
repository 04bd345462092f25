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
    """The functions of a file, also within classes, and the texts that may name their cases: its own and those of what it takes from `tests`."""
    nodes = _nodes(path)
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    taken = [ROOT / f"{module.replace('.', '/')}.py" for module in modules if module.startswith("tests.")]
    texts = [node for one in (path, *taken) for node in _nodes(one) if isinstance(node, ast.Constant)]
    return functions, {node.value for node in texts if isinstance(node.value, str)}


@cache
def _nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text()))) if path.exists() else []


def test_the_page_shows_the_table_as_it_is() -> None:
    assert page() == PAGE.read_text(), "run: .venv/bin/python -m tests.architecture.attacks"
