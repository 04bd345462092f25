"""Plain indexes on tables that may be large: built at once or beside the tenant's work, as the table's size decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from migrations.sql.indexes import index_made, makes_index
from migrations.sql.statements import Name, Statement, split, statements
from migrations.sql.tokens import Token, tokens, word_set
from migrations.tokens import TENANT_SCHEMA

_TABLES = frozenset({"table", "materialized view"})


@dataclass(frozen=True, slots=True)
class GuardedIndex:
    """`statement` makes it, its tokens not yet replaced."""

    name: str
    table: str
    statement: str


def makes_table(statement: Statement) -> Name | None:
    """The table or materialized view that nobody can use before this statement; None for others, and for one that may be there already."""
    made = statement.verb == "create" and statement.kind in _TABLES and "exists" not in statement.options
    return statement.name if made else None


def guarded(texts: Sequence[str]) -> Iterator[GuardedIndex]:
    """Those among what these statements make. Raises UnreadableIndex."""
    read = [(text, statements(text)) for text in texts]
    new = {makes_table(statement) for _, parts in read for statement in parts}
    for text, parts in read:
        if any(makes_index(statement) and statement.table not in new for statement in parts):
            made = index_made(text)
            if made and made.guarded and made.table.schema == TENANT_SCHEMA:
                yield GuardedIndex(made.name, made.table.name, text)


def needs(statement: Statement, index: GuardedIndex) -> bool:
    """Whether a later statement names the index, or takes away what it stands on: then it has to be built before."""
    if index.name in _names(statement.tokens):
        return True
    stands_on = _names(tokens(index.statement)) - _OF_EVERY_INDEX
    if (statement.verb, statement.kind) == ("alter", "table"):
        actions = split(statement.tokens[statement.rest :])
        return statement.name == Name(TENANT_SCHEMA, index.table) and any(_takes_away(action, stands_on) for action in actions)
    return statement.verb == "drop" and bool(_names(statement.tokens) & stands_on)


def _takes_away(action: Sequence[Token], stands_on: frozenset[str]) -> bool:
    """Of an ALTER TABLE: one that drops, renames or changes the type of a column of the index, or moves the table itself."""
    words = tuple(token.word for token in action)
    if words[:2] in {("rename", "to"), ("set", "schema")}:
        return True
    changed = words[0] in {"drop", "rename"} or (words[0] == "alter" and "type" in words)
    return changed and bool(_names(action) & stands_on)


def _names(part: Iterable[Token]) -> frozenset[str]:
    return frozenset(token.name for token in part if token.name)


# Words that say nothing of what an index stands on; the schema is everything's.
_OF_EVERY_INDEX = word_set(
    "create index if not exists on using btree gin gist brin hash asc desc nulls first last where and or is null include with drop column table"
) | {TENANT_SCHEMA}
