"""Rules about rows: changed where the schema is, one by one, or as a function says."""

from __future__ import annotations

from collections.abc import Iterator

from migrations.lint import catalogue as rules
from migrations.lint.catalogue import Rule
from migrations.lint.context import Context
from migrations.lint.functions import calls_volatile
from migrations.lint.names import after, read_by
from migrations.sql.statements import Statement, changes_of_rows
from migrations.sql.tokens import Token


def check_rows(statement: Statement, context: Context) -> Iterator[Rule]:
    """Also those that a WITH holds or leads to."""
    for change in changes_of_rows(statement):
        if calls_volatile(_set_to(change)):
            yield rules.VOLATILE_UPDATE
        if context.replayed and _takes_long(change, statement, context):
            yield rules.DATA


def _takes_long(change: Statement, whole: Statement, context: Context) -> bool:
    if change.verb in {"insert", "merge"}:
        read = [*read_by(whole), *after(change.tokens, "table")]
        return any(name.schema == context.schema and not context.is_new(name) for name in read)
    if context.is_new(change.name):
        return False
    return not change.has("where") or context.is_altered(change.name)


def _set_to(change: Statement) -> tuple[Token, ...]:
    """What an UPDATE, or an INSERT whose row is there already, sets columns to; conditions too."""
    if change.verb == "update":
        return change.tokens[change.rest :]
    if change.verb == "insert" and change.has("do", "update"):
        words = change.words
        return change.tokens[next(at for at in range(len(words)) if words[at : at + 2] == ("do", "update")) :]
    return ()
