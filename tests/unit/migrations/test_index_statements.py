from __future__ import annotations

import pytest

from migrations.sql.indexes import UnreadableIndex, concurrently, index_made


@pytest.mark.parametrize(
    ("sql", "name", "guarded"),
    [
        ("CREATE INDEX a_idx ON __tenant__.posts (title)", "a_idx", True),
        ("CREATE INDEX A_Idx ON __tenant__.posts(title)", "a_idx", True),
        ('CREATE INDEX "A_Idx" ON __tenant__.posts (title)', "A_Idx", True),
        ('create index "a ""b"" idx" on __tenant__.posts (title)', 'a "b" idx', True),
        ("CREATE INDEX ÄB_idx ON __tenant__.posts (title)", "Äb_idx", True),
        ("-- why\nCREATE /* so */ INDEX IF NOT EXISTS\n a_idx\n ON __tenant__.posts (title)", "a_idx", True),
        ("CREATE INDEX a_idx ON ONLY __tenant__.posts (title)", "a_idx", False),
        ("create unique index concurrently if not exists a_idx on __tenant__.posts (title)", "a_idx", False),
        ("CREATE INDEX CONCURRENTLY a_idx ON __tenant__.posts (title)", "a_idx", False),
    ],
)
def test_an_index_is_read_however_it_is_spelled(sql: str, name: str, guarded: bool) -> None:  # noqa: FBT001
    made = index_made(sql)

    assert made is not None
    assert (made.name, str(made.table), made.guarded) == (name, "__tenant__.posts", guarded)


@pytest.mark.parametrize("sql", ["DROP INDEX __tenant__.a", "COMMENT ON TABLE __tenant__.posts IS 'CREATE INDEX a ON b'", "SELECT 1"])
def test_what_makes_no_index_names_none(sql: str) -> None:
    assert index_made(sql) is None


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX ON __tenant__.posts (title)",
        "CREATE INDEX CONCURRENTLY ON __tenant__.posts (title)",
        'CREATE INDEX U&"\\0061" ON __tenant__.posts (title)',
        f"CREATE INDEX {'a' * 64} ON __tenant__.posts (title)",
        "SELECT 1; CREATE INDEX a ON __tenant__.posts (title)",
    ],
)
def test_an_index_whose_name_cannot_be_known_is_refused(sql: str) -> None:
    with pytest.raises(UnreadableIndex):
        index_made(sql)


@pytest.mark.parametrize(
    ("sql", "beside"),
    [
        ("CREATE INDEX a ON __tenant__.posts (title)", "CREATE INDEX CONCURRENTLY a ON __tenant__.posts (title)"),
        ("/* index */ create index\nif not exists A on t (b)", "/* index */ create index CONCURRENTLY\nif not exists A on t (b)"),
        ("CREATE INDEX CONCURRENTLY a ON t (b)", "CREATE INDEX CONCURRENTLY a ON t (b)"),
    ],
)
def test_an_index_built_beside_the_work_is_the_same_index(sql: str, beside: str) -> None:
    assert concurrently(sql) == beside
