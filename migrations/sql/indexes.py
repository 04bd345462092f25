"""What CREATE INDEX says of the index that it makes, however it is spelled."""

from __future__ import annotations

from dataclasses import dataclass

from migrations.sql.statements import Name, Statement, statements
from migrations.sql.tokens import tokens
from tenants.errors import Refusal

LONGEST_NAME = 63


class UnreadableIndex(Refusal):
    """An index under a name that cannot be known beforehand: what a killed build left of it would never be found."""

    code = "INDEX_UNREADABLE"


@dataclass(frozen=True, slots=True)
class IndexMade:
    """`name` as Postgres stores it; `table` as it is written, with its schema; `guarded`: plain and without CONCURRENTLY."""

    name: str
    table: Name
    guarded: bool


def makes_index(statement: Statement) -> bool:
    return (statement.verb, statement.kind) == ("create", "index")


def index_made(sql: str) -> IndexMade | None:
    """The index that this one statement makes, None where it makes none. Raises UnreadableIndex."""
    found = statements(sql)
    if not any(makes_index(statement) for statement in found):
        return None
    if len(found) > 1:
        raise UnreadableIndex(f"{_brief(sql)} comes with other statements: give it an op.execute of its own.")
    return read_index(found[0])


def read_index(statement: Statement) -> IndexMade:
    """What a statement that makes an index says. Raises UnreadableIndex."""
    table, name = statement.table, statement.name
    if name is None or table is None or name.schema:
        raise UnreadableIndex(f"{_brief(statement.text)} does not say the index's name: write CREATE INDEX name ON __tenant__.table (…).")
    if statement.tokens[statement.rest - 1].text[:2].lower() == "u&" or len(name.name.encode()) > LONGEST_NAME:
        raise UnreadableIndex(f"{_brief(statement.text)} names the index as Postgres will not: write at most {LONGEST_NAME} plain letters.")
    only = statement.words[statement.rest + 1 : statement.rest + 2] == ("only",)
    return IndexMade(name.name, table, not only and not {"unique", "concurrently"} & statement.options)


def concurrently(sql: str) -> str:
    """The same index, built without keeping anybody from writing."""
    if any("concurrently" in statement.options for statement in statements(sql)):
        return sql
    parts = [token.text for token in tokens(sql)]
    at = next(at for at, token in enumerate(tokens(sql)) if token.word == "index")
    return "".join([*parts[: at + 1], " CONCURRENTLY", *parts[at + 1 :]])


def _brief(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= LONGEST_NAME else f"{line[:LONGEST_NAME]}…"
