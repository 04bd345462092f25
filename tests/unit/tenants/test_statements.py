from __future__ import annotations

import tracemalloc

from tenants.naming import SchemaName
from tenants.statements import LONGEST_KEPT, MOST_SHORT, SHORT, in_schema, statement

ACME, GLOBEX = SchemaName("t_acme"), SchemaName("t_globex")


def test_each_tenant_gets_a_text_of_its_own_and_the_same_one_again() -> None:
    titles = statement("SELECT title FROM __tenant__.posts WHERE id = :id")

    assert titles.at(ACME) == 'SELECT title FROM "t_acme".posts WHERE id = $1'
    assert titles.at(GLOBEX) == 'SELECT title FROM "t_globex".posts WHERE id = $1'
    assert titles.at(ACME) is titles.at(ACME)
    assert titles.at(None) is titles.text


def test_however_many_texts_there_are_few_megabytes_are_kept() -> None:
    tracemalloc.start()
    for length in (SHORT, LONGEST_KEPT):
        for number in range(MOST_SHORT):
            in_schema((f"SELECT {number} " + "FROM __tenant__.posts JOIN " * length)[:length], ACME)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 30_000_000


def test_a_text_that_is_very_long_is_not_kept() -> None:
    long = "SELECT " + "1, " * LONGEST_KEPT + "id FROM __tenant__.posts"

    assert in_schema(long, ACME) == long.replace("__tenant__", '"t_acme"')
    assert in_schema(long, ACME) is not in_schema(long, ACME)
