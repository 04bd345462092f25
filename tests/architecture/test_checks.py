"""Every check that a sign-in is looked at for has words in the console."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from app.admin.sign_on.checks import WORDS
from tests.architecture.features import ROOT


def test_every_check_is_said_in_words() -> None:
    names = {name for part in ("auth", "app/users") for path in sorted((ROOT / part).rglob("*.py")) for name in _checked(path)}
    assert len(names) > 50

    assert names - WORDS.keys() == set()


def test_what_a_check_expects_and_finds_can_be_said_in_another_language() -> None:
    """An f-string is English for ever; words that stand in it have to be a sentence."""
    fixed = [
        f"{path.relative_to(ROOT)}:{text.lineno}"
        for part in ("auth", "app/users")
        for path in sorted((ROOT / part).rglob("*.py"))
        for text in _written_into(ast.parse(path.read_text()))
    ]
    assert fixed == []


def _written_into(tree: ast.AST) -> Iterator[ast.JoinedStr]:
    """F-strings with words in them among what checks are given."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="require") | ast.Name(id="refused" | "Check"), args=[_, *texts]):
                found = [text for given in texts for text in ast.walk(given) if isinstance(text, ast.JoinedStr)]
                yield from (text for text in found if any(isinstance(one, ast.Constant) and " " in str(one.value) for one in text.values))


def _checked(path: Path) -> Iterator[str]:
    """The names that `require`, `refused` and `Check` are given there."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr="require") | ast.Name(id="refused" | "Check"), args=[ast.Constant(value=str(name)), *_]):
                yield name
