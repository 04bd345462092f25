"""The next revision of functions, views and triggers: each after what it stands on, replaced in its place where that can be."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, Table, Text, Uuid, text

from migrations import runner
from migrations.provisioning import HeadProvisioner
from migrations.writing import BrokenSql
from tenants.settings import TenantSettings
from tests.integration.migrations.conftest import columns_of, places
from tests.integration.migrations.writing import Writing, body

COUNT = """-- How many posts somebody wrote.
CREATE FUNCTION __tenant__.written_by(author uuid) RETURNS bigint LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT count(*) FROM __tenant__.posts p WHERE p.author_id = author AND p.title NOT LIKE '%:draft' AND p.slug !~ '\\:old'
$$
"""
AUTHORS = "CREATE VIEW __tenant__.authors AS SELECT u.id, __tenant__.written_by(u.id) AS posts FROM __tenant__.users u"
BUSY = "CREATE VIEW __tenant__.a_few AS SELECT a.id FROM __tenant__.authors a WHERE a.posts > 9"
STATISTICS = "CREATE MATERIALIZED VIEW __tenant__.statistics AS SELECT p.status, count(*) AS posts FROM __tenant__.posts p GROUP BY 1"
STATISTICS_KEY = "CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics (status)"
TOUCH = "CREATE FUNCTION __tenant__.touch() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN RETURN NEW; END $$"
TOUCHED = "CREATE TRIGGER touched BEFORE UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')"
RECENT = "CREATE VIEW __tenant__.recent AS SELECT p.id FROM __tenant__.posts p"
LATEST = "CREATE VIEW __tenant__.latest AS SELECT r.id FROM __tenant__.recent r LIMIT 1"
NEXT_PLACE = "CREATE FUNCTION __tenant__.next_place() RETURNS integer LANGUAGE sql STABLE SET search_path = '' AS $$ SELECT 1 $$"
IS_LONG = "CREATE FUNCTION __tenant__.is_long(one __tenant__.pages) RETURNS boolean LANGUAGE sql STABLE SET search_path = '' AS $$ SELECT true $$"
ALL = {
    "authors": AUTHORS,
    "a_few": BUSY,
    "written_by": COUNT,
    "statistics": STATISTICS,
    "statistics_key": STATISTICS_KEY,
    "touch": TOUCH,
    "touched": TOUCHED,
}


async def test_functions_views_and_triggers_are_made_in_the_order_in_which_they_stand_on_each_other(writing: Writing) -> None:
    writing.files(ALL)

    source = await writing.written("Count what people write")

    assert body(source, "upgrade") == [
        "op.execute(TOUCH)",
        "op.execute(WRITTEN_BY)",
        "op.execute(STATISTICS)",
        "op.execute(\"CREATE TRIGGER touched BEFORE UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')\")",
        "op.execute(AUTHORS)",
        'op.execute("CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics USING btree (status)")',
        "op.execute(A_FEW)",
    ]
    assert body(source, "downgrade") == [
        'op.execute("DROP VIEW __tenant__.a_few")',
        'op.execute("DROP TRIGGER touched ON __tenant__.posts")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        'op.execute("DROP VIEW __tenant__.authors")',
        'op.execute("DROP FUNCTION __tenant__.written_by(author uuid)")',
        'op.execute("DROP FUNCTION __tenant__.touch()")',
    ]
    assert await writing.new("Again") is None


async def test_what_changed_is_replaced_where_that_can_be_and_made_again_where_not(writing: Writing) -> None:
    writing.files(ALL)
    await writing.written("Count what people write")
    changed = {
        "written_by": COUNT.replace("p.author_id = author AND", "p.status = 'PUBLISHED' AND p.author_id = author AND"),
        "authors": AUTHORS.replace("AS posts FROM", "AS posts, u.name FROM"),
        "statistics": STATISTICS.replace("count(*) AS posts", "count(*) AS posts, max(p.updated_at) AS latest"),
        "touched": TOUCHED.replace("BEFORE UPDATE", "BEFORE INSERT OR UPDATE"),
    }
    writing.files({**ALL, **changed})

    source = await writing.written("Count what is published")

    assert "Expand." in source.splitlines()
    assert body(source, "upgrade") == [
        'op.execute("DROP TRIGGER touched ON __tenant__.posts")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        "op.execute(WRITTEN_BY)",
        "op.execute(STATISTICS)",
        "op.execute(\"CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')\")",
        "op.execute(AUTHORS)",
        'op.execute("CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics USING btree (status)")',
    ]
    # A view cannot lose a column in its place: what stands on it is made again too.
    assert body(source, "downgrade") == [
        'op.execute("DROP VIEW __tenant__.a_few")',
        'op.execute("DROP TRIGGER touched ON __tenant__.posts")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        'op.execute("DROP VIEW __tenant__.authors")',
        "op.execute(WRITTEN_BY_BEFORE)",
        "op.execute(STATISTICS_BEFORE)",
        "op.execute(\"CREATE TRIGGER touched BEFORE UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')\")",
        "op.execute(AUTHORS_BEFORE)",
        'op.execute("CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics USING btree (status)")',
        "op.execute(A_FEW)",
    ]
    assert await writing.new("Again") is None


async def test_what_goes_for_good_contracts_and_its_definition_stays_in_the_way_back(writing: Writing) -> None:
    writing.files(ALL)
    await writing.written("Count what people write")
    writing.files({"touch": TOUCH, "touched": TOUCHED})

    source = await writing.written("Stop counting")

    assert "Contract." in source.splitlines()
    assert body(source, "upgrade") == [
        'op.execute("DROP VIEW __tenant__.a_few")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        'op.execute("DROP VIEW __tenant__.authors")',
        'op.execute("DROP FUNCTION __tenant__.written_by(author uuid)")',
    ]
    assert body(source, "downgrade")[0] == "op.execute(WRITTEN_BY)"
    assert await writing.new("Again") is None


async def test_a_view_that_takes_up_a_new_table_or_column_is_made_again_before_they_go_on_the_way_back(writing: Writing) -> None:
    writing.files({"recent": RECENT, "latest": LATEST})
    await writing.written("Show what is recent")
    writing.table("posts").append_column(Column("language", Text))
    Table("pages", writing.metadata, Column("post_id", Uuid, primary_key=True))
    writing.files({"recent": f"{RECENT} JOIN __tenant__.pages g ON g.post_id = p.id WHERE p.language = 'en'", "latest": LATEST})

    source = await writing.written("Only of pages in English")

    assert body(source, "upgrade")[-1] == "op.execute(RECENT)"
    assert body(source, "downgrade") == [
        'op.execute("DROP VIEW __tenant__.latest")',
        'op.execute("DROP VIEW __tenant__.recent")',
        'op.drop_column("posts", "language", schema="__tenant__")',
        'op.drop_table("pages", schema="__tenant__")',
        "op.execute(RECENT_BEFORE)",
        "op.execute(LATEST)",
    ]
    assert await writing.new("Again") is None


async def test_functions_stand_before_tables_that_call_them_and_after_tables_whose_rows_they_take(writing: Writing) -> None:
    writing.table("posts").append_column(Column("place", Integer, server_default=text("__tenant__.next_place()")))
    Table("pages", writing.metadata, Column("id", Uuid, primary_key=True))
    writing.files({"next_place": NEXT_PLACE, "is_long": IS_LONG})

    written = await writing.new("Number posts")

    assert written is not None
    source = written.path.read_text()
    up, down = body(source, "upgrade"), body(source, "downgrade")
    assert (up[0], up[-1]) == ("op.execute(NEXT_PLACE)", "op.execute(IS_LONG)")
    assert down == [
        'op.execute("DROP FUNCTION __tenant__.is_long(one __tenant__.pages)")',
        'op.drop_column("posts", "place", schema="__tenant__")',
        'op.drop_table("pages", schema="__tenant__")',
        'op.execute("DROP FUNCTION __tenant__.next_place()")',
    ]
    assert await writing.new("Again") is None


async def test_a_written_revision_goes_through_the_runner(writing: Writing, installation: TenantSettings) -> None:
    await places(installation, 2, HeadProvisioner())
    writing.table("posts").append_column(Column("language", Text))
    writing.files({"written_by": COUNT})
    await writing.written("Say a post's language")

    run = await runner.up(installation)

    assert (sorted(run.done), run.failed) == (["t001", "t002"], {})
    assert await columns_of(installation, "posts", "language") == {"t001", "t002"}
    assert await writing.new("Again") is None


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1", "must hold one statement"),
        (f"{TOUCH}; {TOUCHED}", "must hold one statement"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "must name its schema: control or __tenant__"),
        ("CREATE VIEW public.v AS SELECT 1", "must name its schema"),
        ("CREATE VIEW __tenant__.v AS SELECT nothing FROM __tenant__.posts", 'v.sql: Postgres said: .*column "nothing" does not exist'),
    ],
)
async def test_a_file_that_does_not_make_one_object_is_named_with_what_is_wrong(writing: Writing, sql: str, said: str) -> None:
    writing.files({"v": sql})

    with pytest.raises(BrokenSql, match=said):
        await writing.new("Make it")

    assert list(writing.folder.iterdir()) == []
