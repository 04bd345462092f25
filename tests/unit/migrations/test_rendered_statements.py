from __future__ import annotations

import pytest

from migrations.history import History, head, is_behind, knows
from migrations.rendering import StatementList

INDEX = "CREATE INDEX posts_slug_idx ON __tenant__.posts (slug)"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{INDEX};\n\n", [INDEX]),
        (f"-- why\n{INDEX};", [f"-- why\n{INDEX}"]),
        (f"\n  -- why\n\n  -- and how\n{INDEX}", [f"-- why\n\n  -- and how\n{INDEX}"]),
        (f"{INDEX} -- why", [f"{INDEX} -- why"]),
        ("-- Running upgrade  -> 0001\n\n", []),
        ("-- one\n  -- two;\n", []),
        (";\n", []),
        ("", []),
    ],
)
def test_only_what_is_nothing_but_comment_is_left_out(text: str, kept: list[str]) -> None:
    buffer = StatementList()

    buffer.write(text)

    assert buffer.statements == kept


@pytest.mark.parametrize("history", list(History))
def test_a_later_releases_revision_is_not_known_and_not_behind(history: History) -> None:
    assert (knows(history, None), is_behind(history, None)) == (True, True)
    assert (knows(history, head(history)), is_behind(history, head(history))) == (True, False)
    assert (knows(history, "9999"), is_behind(history, "9999")) == (False, False)
