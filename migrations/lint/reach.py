"""Rules about what a statement takes over from the runner, switches off, or does to more than this schema."""

from __future__ import annotations

from collections.abc import Iterator

from migrations.history import History
from migrations.lint import catalogue as rules
from migrations.lint.catalogue import Rule
from migrations.lint.columns import actions
from migrations.lint.context import Context
from migrations.lint.names import ROLES, granted
from migrations.sql.statements import Statement, has
from migrations.sql.tokens import word_set
from migrations.sql.transactions import controls_transaction

_OF_THE_SERVER = word_set("copy load checkpoint import security listen unlisten notify")
_WITHOUT_LOCKS_THAT_OTHERS_QUEUE_BEHIND = word_set("vacuum analyze insert update delete merge with select set reset")


def check_transactions(statement: Statement, _context: Context) -> Iterator[Rule]:
    if controls_transaction(statement):
        yield rules.TRANSACTION


def check_server(statement: Statement, _context: Context) -> Iterator[Rule]:
    if statement.verb in _OF_THE_SERVER or (statement.verb, statement.kind) == ("alter", "system"):
        yield rules.SERVER


def check_guards(statement: Statement, _context: Context) -> Iterator[Rule]:
    """session_replication_role in SET and set_config; DISABLE TRIGGER and RULE."""
    named = any("session_replication_role" in {token.name, token.value} for token in statement.tokens)
    if named or any(has(action[:2], "disable", what) for action in actions(statement) for what in ("trigger", "rule")):
        yield rules.GUARDS_OFF


def check_rights(statement: Statement, context: Context) -> Iterator[Rule]:
    """REVOKE of what the release that runs before this revision has; the first revision has none before it."""
    if statement.verb != "revoke" or context.contracts or context.revision.down is None:
        return
    words = statement.words
    begin = len(words) - words[::-1].index("from") if "from" in words else len(words)
    losing = {token.name for token in statement.tokens[begin:]} & ROLES[context.history]
    on = list(granted(statement))
    if losing and not (on and all(context.is_new(name) for name in on)):
        yield rules.RIGHTS


def check_need_of_building(statement: Statement, context: Context) -> Iterator[Rule]:
    if context.history is History.TENANT and context.replayed and context.needs_unbuilt(statement):
        yield rules.UNBUILT


def check_outside(statement: Statement, context: Context) -> Iterator[Rule]:
    if context.outside_transaction and not _belongs_outside(statement):
        yield rules.NEEDLESS_OUTSIDE


def _belongs_outside(statement: Statement) -> bool:
    """What Postgres runs in no transaction, what reads a table while others write, and rows."""
    match statement.verb, statement.kind:
        case ("create" | "drop", "index") | (("reindex" | "refresh"), _):
            return statement.has("concurrently")
        case "alter", "table":
            return all(action[0].word == "validate" or (action[0].word == "detach" and has(action, "concurrently")) for action in actions(statement))
        case verb, _:
            return verb in _WITHOUT_LOCKS_THAT_OTHERS_QUEUE_BEHIND
