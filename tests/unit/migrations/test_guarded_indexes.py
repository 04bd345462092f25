from __future__ import annotations

import pytest

from migrations.guarded import GuardedIndex, guarded, needs
from migrations.sql.statements import statements
from migrations.sql.transactions import OwnTransaction, in_one_transaction, require_none_of_its_own

INDEX = GuardedIndex("posts_title_idx", "posts", "CREATE INDEX posts_title_idx ON __tenant__.posts (lower(title)) WHERE status = 'x'")


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE __tenant__.pages(id uuid PRIMARY KEY)",
        "create unlogged table __tenant__.Pages (id uuid)",
        'CREATE MATERIALIZED VIEW "__tenant__"."pages" AS SELECT 1 AS id',
        "/* new */ CREATE TABLE\n__tenant__.pages AS SELECT 1 AS id",
    ],
)
def test_an_index_on_what_the_same_stage_makes_needs_no_guard(made: str) -> None:
    index = "CREATE INDEX pages_id_idx ON __tenant__.pages (id)"

    assert list(guarded([made, index])) == []
    assert list(guarded([index])) == [GuardedIndex("pages_id_idx", "pages", index)]


def test_a_table_that_may_have_been_there_is_not_taken_for_a_new_one() -> None:
    index = "CREATE INDEX pages_id_idx ON __tenant__.pages (id)"

    assert [found.name for found in guarded(["CREATE TABLE IF NOT EXISTS __tenant__.pages (id uuid PRIMARY KEY)", index])] == ["pages_id_idx"]


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("DROP INDEX IF EXISTS __tenant__.posts_title_idx", True),
        ("alter index __tenant__.Posts_Title_Idx rename to a", True),
        ("COMMENT ON INDEX __tenant__.posts_title_idx IS 'x'", True),
        ("CLUSTER __tenant__.posts USING posts_title_idx", True),
        ("ALTER TABLE __tenant__.posts ADD CONSTRAINT u UNIQUE USING INDEX posts_title_idx", True),
        ("ALTER TABLE __tenant__.posts ADD COLUMN a int, DROP COLUMN title", True),
        ("ALTER TABLE __tenant__.posts DROP status", True),
        ("ALTER TABLE __tenant__.posts ALTER COLUMN title TYPE varchar(9)", True),
        ("ALTER TABLE __tenant__.posts RENAME TO articles", True),
        ("DROP TABLE __tenant__.users, __tenant__.posts", True),
        ("DROP TABLE __tenant__.users", False),
        ("ALTER TABLE __tenant__.posts DROP COLUMN slug", False),
        ("ALTER TABLE __tenant__.users DROP COLUMN title", False),
        ("ALTER TABLE __tenant__.posts ALTER COLUMN title SET DEFAULT ''", False),
        ("ALTER TABLE __tenant__.posts ADD COLUMN mood text", False),
        ("COMMENT ON TABLE __tenant__.posts IS 'posts_title_idx'", False),
    ],
)
def test_a_statement_needs_an_index_that_it_names_or_whose_ground_it_takes_away(sql: str, needed: bool) -> None:  # noqa: FBT001
    [statement] = statements(sql)

    assert needs(statement, INDEX) is needed


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("create unique index concurrently if not exists a on __tenant__.posts (b)", ["create unique index if not exists a on __tenant__.posts (b)"]),
        ("CREATE INDEX  CONCURRENTLY\n a ON __tenant__.posts (b)", ["CREATE INDEX  a ON __tenant__.posts (b)"]),
        ("/* x */ DROP INDEX CONCURRENTLY __tenant__.a", ["/* x */ DROP INDEX __tenant__.a"]),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY __tenant__.v", ["REFRESH MATERIALIZED VIEW __tenant__.v"]),
        ("ALTER TABLE __tenant__.p DETACH PARTITION __tenant__.a CONCURRENTLY", ["ALTER TABLE __tenant__.p DETACH PARTITION __tenant__.a "]),
        ("COMMENT ON TABLE __tenant__.posts IS 'CONCURRENTLY'", ["COMMENT ON TABLE __tenant__.posts IS 'CONCURRENTLY'"]),
        ("-- later\nvacuum (analyze) __tenant__.posts", []),
        ("ANALYZE __tenant__.posts", []),
        ("REINDEX TABLE CONCURRENTLY __tenant__.posts", []),
    ],
)
def test_a_new_schema_is_made_in_one_transaction_without_what_it_does_not_need(sql: str, kept: list[str]) -> None:
    assert list(in_one_transaction((sql,))) == kept


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "-- so\nbegin",
        "END",
        "ROLLBACK",
        "ABORT",
        "START TRANSACTION",
        "SAVEPOINT a",
        "RELEASE a",
        "PREPARE TRANSACTION 'x'",
        "SELECT 1; COMMIT",
    ],
)
def test_transactions_are_the_runners(sql: str) -> None:
    with pytest.raises(OwnTransaction):
        require_none_of_its_own(["SELECT 1", sql])


def test_what_only_looks_like_a_transaction_statement_is_let_through() -> None:
    require_none_of_its_own(
        [
            "CREATE FUNCTION __tenant__.f() RETURNS int BEGIN ATOMIC SELECT 1; END",
            "CREATE FUNCTION __tenant__.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            "SET LOCAL lock_timeout = 1",
            "COMMENT ON TABLE __tenant__.posts IS 'COMMIT'",
        ]
    )
