"""Whoever opens a transaction for the product can be called again as a whole, since a migration may end it under way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FUNCTIONS, METHODS = {"transaction"}, {"writing", "unit"}
# They hand the transaction on; whoever takes it is looked at.
DOORS = {"app/bus.py: unit"}


def _opens_transaction(node: ast.AST) -> bool:
    """Whether an `async with` of its own begins one: `transaction(…)`, `….writing(…)`, `….unit(…)`."""
    if not isinstance(node, ast.AsyncWith):
        return False
    calls = [item.context_expr.func for item in node.items if isinstance(item.context_expr, ast.Call)]
    return any(call.attr in METHODS if isinstance(call, ast.Attribute) else ast.unparse(call) in FUNCTIONS for call in calls)


def _functions(package: str) -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}: {node.name}", node


def test_every_function_that_opens_a_transaction_is_repeatable() -> None:
    opening = [
        (name, node) for package in ("app", "auth", "workers") for name, node in _functions(package) if any(map(_opens_transaction, ast.walk(node)))
    ]
    bare = [name for name, node in opening if "repeatable" not in {ast.unparse(decorator) for decorator in node.decorator_list}]

    assert len(opening) >= 15
    assert sorted(set(bare) - DOORS) == []
