"""The next revision, from the difference between what the code declares and what head makes: tables; tried on a real Postgres."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, Uuid, text

from migrations import history as histories
from migrations.history import History, head
from migrations.writing import NotExpressible, Wanted, declared, write_revision
from ops.stack import Addresses
from tests.integration.migrations.writing import Writing, body


@pytest.mark.parametrize("history", list(History))
async def test_where_nothing_differs_nothing_is_written(history: History, stack: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_TRIED_OUT", {})
    histories.try_out(history, tmp_path)

    assert await write_revision(Wanted(history, "Nothing"), declared(history), stack.superuser_url) is None

    histories.revisions.cache_clear()
    assert list(tmp_path.iterdir()) == []


async def test_a_new_column_and_its_index_become_a_revision_that_reads_like_the_others(writing: Writing) -> None:
    writing.table("posts").append_column(Column("language", Text, server_default=text("'en'"), nullable=False, comment="BCP 47"))
    Index("posts_language_idx", writing.table("posts").c.language)

    source = await writing.written("Say a post's language")

    number = f"{int(head(History.TENANT)):04d}"
    assert (
        source
        == f'''"""Say a post's language.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "{number}"
down_revision: str | None = "{int(number) - 1:04d}"


def upgrade() -> None:
    op.add_column("posts", sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False, comment="BCP 47"), schema="__tenant__")
    op.create_index("posts_language_idx", "posts", ["language"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index("posts_language_idx", table_name="posts", schema="__tenant__")
    op.drop_column("posts", "language", schema="__tenant__")
'''
    )
    assert [path.name for path in writing.folder.iterdir() if path.suffix == ".py"] == [f"{number}_say_a_post_s_language.py"]
    assert await writing.new("Again") is None


async def test_constraints_of_tables_in_use_look_at_old_rows_in_a_revision_of_their_own(writing: Writing) -> None:
    posts = writing.table("posts")
    posts.append_column(Column("parent_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="SET NULL")))
    posts.append_constraint(CheckConstraint("title <> ''", name="title"))

    first = await writing.written("Let posts have parents")
    second = await writing.written("Look at the posts that were there")

    assert body(first, "upgrade") == [
        'op.add_column("posts", sa.Column("parent_id", sa.Uuid(), nullable=True), schema="__tenant__")',
        "op.execute(",
        '"ALTER TABLE __tenant__.posts ADD CONSTRAINT posts_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES "',
        '"__tenant__.posts(id) ON DELETE SET NULL NOT VALID"',
        ")",
        "op.execute(\"ALTER TABLE __tenant__.posts ADD CONSTRAINT posts_title_check CHECK ((title <> ''::text)) NOT VALID\")",
    ]
    assert body(first, "downgrade") == [
        'op.execute("ALTER TABLE __tenant__.posts DROP CONSTRAINT posts_title_check")',
        'op.drop_column("posts", "parent_id", schema="__tenant__")',
    ]
    assert 'execution: str = "outside_transaction"' in second.splitlines()
    assert body(second, "upgrade") == [
        'op.execute("ALTER TABLE __tenant__.posts VALIDATE CONSTRAINT posts_parent_id_fkey")',
        'op.execute("ALTER TABLE __tenant__.posts VALIDATE CONSTRAINT posts_title_check")',
    ]
    assert await writing.new("Again") is None


async def test_defaults_are_compared_as_postgres_words_them(writing: Writing) -> None:
    writing.table("posts").c.custom_fields.server_default = None
    writing.table("notifications").c.created_at.server_default.arg = text("clock_timestamp()")  # type: ignore[union-attr] # it has one

    source = await writing.written("Change defaults")

    assert body(source, "upgrade") == [
        'op.execute("ALTER TABLE __tenant__.notifications ALTER COLUMN created_at SET DEFAULT clock_timestamp()")',
        'op.execute("ALTER TABLE __tenant__.posts ALTER COLUMN custom_fields DROP DEFAULT")',
    ]
    assert body(source, "downgrade") == [
        'op.execute("ALTER TABLE __tenant__.notifications ALTER COLUMN created_at SET DEFAULT now()")',
        "op.execute(\"ALTER TABLE __tenant__.posts ALTER COLUMN custom_fields SET DEFAULT '{}'::jsonb\")",
    ]
    assert await writing.new("Again") is None


async def test_a_new_table_expands_and_one_that_goes_contracts(writing: Writing) -> None:
    Table(
        "pages",
        writing.metadata,
        Column("id", Uuid, primary_key=True),
        Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), nullable=False),
        Column("number", Integer, CheckConstraint("number >= 0", name="number"), nullable=False),
        comment="Pages that are no posts.",
    )
    made = await writing.written("Make pages")
    writing.metadata.remove(writing.table("pages"))
    dropped = await writing.written("Drop pages again")

    assert "Expand." in made.splitlines()
    assert 'comment="Pages that are no posts.",' in [line.strip() for line in made.splitlines()]
    assert 'sa.CheckConstraint("(number >= 0)", name=op.f("pages_number_check")),' in [line.strip() for line in made.splitlines()]
    assert body(made, "downgrade") == ['op.drop_table("pages", schema="__tenant__")']
    assert "Contract." in dropped.splitlines()
    assert body(dropped, "upgrade") == ['op.drop_table("pages", schema="__tenant__")']
    assert await writing.new("Again") is None


async def test_what_would_stop_tenants_is_written_and_said(writing: Writing) -> None:
    writing.table("posts").append_column(Column("language", Text, nullable=False))

    written = await writing.new("Say a post's language")

    assert written is not None
    assert [finding.rule for finding in written.findings] == ["not-null-without-validated-check"]


async def test_another_expression_of_a_generated_column_is_refused(writing: Writing) -> None:
    from sqlalchemy import Computed

    writing.table("posts").append_column(Column("initial", Text, Computed("left(title, 1)", persisted=True)))
    await writing.new("Generate initials")
    writing.table("posts").c.initial.computed.sqltext = text("left(title, 2)")  # type: ignore[union-attr] # it is one

    with pytest.raises(NotExpressible, match=r"posts\.initial is generated"):
        await writing.new("Generate others")
