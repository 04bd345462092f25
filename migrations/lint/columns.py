"""Rules about columns and constraints of tables that are in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrations.lint import catalogue as rules
from migrations.lint.catalogue import Rule
from migrations.lint.context import Context
from migrations.lint.functions import differs_by_row
from migrations.sql.statements import Statement, bracketed, has, split
from migrations.sql.tokens import Token

_SERIAL = frozenset({"serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"})
_CONSTRAINTS = frozenset({"constraint", "foreign", "check", "unique", "primary", "exclude", "not", "table"})
_AFTER_A_DEFAULT = frozenset({"not", "null", "check", "unique", "primary", "references", "constraint", "generated", "collate"})


def actions(statement: Statement) -> Iterator[tuple[Token, ...]]:
    """What an ALTER TABLE does, one action at a time; nothing for other statements."""
    if (statement.verb, statement.kind) == ("alter", "table"):
        yield from split(statement.tokens[statement.rest :])


def check(statement: Statement, context: Context) -> Iterator[Rule]:
    """Every rule that an ALTER TABLE of a table in use breaks."""
    if context.is_new(statement.name):
        return
    for action in actions(statement):
        match [token.word for token in action[:2]]:
            case ["add", word] if word not in _CONSTRAINTS:
                yield from _added_column(action)
            case ["add", _]:
                yield from _added_constraint(action)
            case ["alter", _]:
                yield from _altered_column(action, statement, context)
            case ["validate", _]:
                added_in = context.past.added_in.get((str(statement.name), action[-1].name))
                if added_in == context.past.transactions and context.replayed:
                    yield rules.NOT_VALID


def _added_column(action: Sequence[Token]) -> Iterator[Rule]:
    default = _default(action)
    if differs_by_row(default) or has(action, "identity") or has(action, "stored") or any(token.word in _SERIAL for token in action):
        yield rules.VOLATILE_DEFAULT
    elif has(action, "not", "null") and not default:
        yield rules.NOT_NULL
    # A new column without a default holds only NULL, which refers to nothing: Postgres does not look.
    if has(action, "check") or (has(action, "references") and default):
        yield rules.NOT_VALID
    if has(action, "unique") or has(action, "primary", "key"):
        yield rules.UNIQUE_CONSTRAINT


def _default(action: Sequence[Token]) -> tuple[Token, ...]:
    words = [token.word for token in action]
    if "default" not in words:
        return ()
    begin, depth = words.index("default") + 1, 0
    for at in range(begin, len(action)):
        depth += (action[at].text in "([") - (action[at].text in ")]")
        if depth == 0 and action[at].word in _AFTER_A_DEFAULT and not (action[at].word == "null" and at == begin):
            return tuple(action[begin:at])
    return tuple(action[begin:])


def _added_constraint(action: Sequence[Token]) -> Iterator[Rule]:
    if has(action, "primary", "key") or has(action, "unique") or has(action, "exclude"):
        if not has(action, "using", "index"):
            yield rules.UNIQUE_CONSTRAINT
    elif (has(action, "check") or has(action, "foreign", "key")) and not has(action, "not", "valid"):
        yield rules.NOT_VALID


def _altered_column(action: Sequence[Token], statement: Statement, context: Context) -> Iterator[Rule]:
    at = 1 + has(action[1:2], "column")
    column, change = action[at], action[at + 1 :]
    if has(change, "set", "not", "null"):
        if (str(statement.name), column.name) not in context.past.proven:
            yield rules.NOT_NULL
    elif has(change[:1], "type") or has(change[:3], "set", "data", "type"):
        yield rules.TYPE_CHANGE
    elif has(change, "add", "generated"):
        yield rules.VOLATILE_DEFAULT


def check_primary_key(statement: Statement, context: Context) -> Iterator[Rule]:
    """A table says its primary key where it is made, or before the revision ends."""
    if (statement.verb, statement.kind) != ("create", "table") or statement.has("partition", "of", start=statement.rest):
        return
    columns = bracketed(statement.tokens, statement.rest)
    later = (other for other in context.statements if other.kind == "table" and other.verb == "alter" and other.name == statement.name)
    if not has(columns, "primary", "key") and not any(has(other.tokens, "primary", "key") for other in later):
        yield rules.NO_PRIMARY_KEY
