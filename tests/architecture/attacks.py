"""Attacks on signing in, and the tests that meet them. docs/attacks.md is made from the table."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.architecture.features import ROOT

TABLE = Path(__file__).with_name("attacks.toml")
PAGE = ROOT / "docs" / "attacks.md"
_HEAD = """# Attacks on signing in

What somebody could try, and the tests that try it. Unless a test says otherwise, the attacker gets a 4xx and one page that says the same for all of
them, no session, and no state is changed; the organization's audit log names the exact check under a short number. Made from
`tests/architecture/attacks.toml`; a test may name one of its cases in brackets.
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """`tests`: pytest node ids without classes, some with one case in brackets."""

    on: str
    what: str
    tests: tuple[str, ...]


def attacks() -> list[Attack]:
    return [Attack(row["on"], row["what"], tuple(row["tests"])) for row in tomllib.loads(TABLE.read_text())["attack"]]


def page() -> str:
    parts = [_HEAD]
    for on, rows in groupby(attacks(), lambda attack: attack.on):
        lines = [f"| {attack.what} | {'; '.join(_said(test) for test in attack.tests)} |" for attack in rows]
        parts.append("\n".join((f"## {on}", "", "| attack | tests |", "|---|---|", *lines)) + "\n")
    return "\n".join(parts)


def _said(test: str) -> str:
    file, _, name = test.partition("::")
    function, bracket, case = name.partition("[")
    text = function.removeprefix("test_").replace("_", " ") + (f": {case.removesuffix(']')}" if bracket else "")
    return f"[{text}](../{file})"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE.name} has {len(attacks())} attacks now\n")
