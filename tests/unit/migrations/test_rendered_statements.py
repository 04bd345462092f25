from __future__ import annotations

from pathlib import Path

import pytest

from migrations import history
from migrations.history import History, head, is_behind, knows
from migrations.rendering import StatementList, upgrade_statements

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


@pytest.mark.parametrize("which", list(History))
def test_a_later_releases_revision_is_not_known_and_not_behind(which: History) -> None:
    assert (knows(which, None), is_behind(which, None)) == (True, True)
    assert (knows(which, head(which)), is_behind(which, head(which))) == (True, False)
    assert (knows(which, "9999"), is_behind(which, "9999")) == (False, False)


def test_percent_signs_and_casts_are_rendered_as_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT format('%s of 100 %%', x::text) LIKE '%a' FROM generate_series(1, 2) x"
    start = head(History.TENANT)
    text = f"from alembic import op\nrevision: str = '9001'\ndown_revision: str | None = '{start}'\ndef upgrade() -> None:\n    op.execute({sql!r})\n"
    tmp_path.joinpath("9001_trial.py").write_text(text)
    monkeypatch.setattr(history, "_TRIED_OUT", {})
    history.try_out(History.TENANT, tmp_path)

    rendered = upgrade_statements(History.TENANT, start, "9001")

    history.revisions.cache_clear()
    assert rendered[0] == sql
