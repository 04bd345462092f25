"""Every check that a sign-in is looked at for has words in the console."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from app.admin.sign_on.checks import WORDS
from tests.architecture.features import ROOT

# Passkeys have no connection that could be tested, and what ends a session is nobody's sign-in: they are in the log under their own names.
OTHERS = ("passkey_", "logout_")


def test_every_check_is_said_in_words() -> None:
    names = {name for part in ("auth", "app/users") for path in sorted((ROOT / part).rglob("*.py")) for name in _checked(path)}
    assert len(names) > 50

    assert {name for name in names if not name.startswith(OTHERS)} - WORDS.keys() == set()


def _checked(path: Path) -> Iterator[str]:
    """The names that `require`, `refused` and `Check` are given there."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr="require") | ast.Name(id="refused" | "Check"), args=[ast.Constant(value=str(name)), *_]):
                yield name
