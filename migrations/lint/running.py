"""Rules about how a revision runs: its timeouts, its repetition, its rows, what it hides, what it says of itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrations.backoff import LONGEST_LOCK_MS
from migrations.history import Execution, Revision
from migrations.lint import catalogue as rules
from migrations.lint.catalogue import Rule
from migrations.lint.columns import actions
from migrations.lint.context import Context
from migrations.plan import Options
from migrations.sql.statements import Statement, has
from migrations.sql.tokens import Kind, word_set

LONGEST = {"lock_timeout": LONGEST_LOCK_MS, "statement_timeout": int(Options().budget * 1000)}
"""Milliseconds, as the runner sets them unless told otherwise."""
_UNITS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "": 1}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|min|h|d|)\s*")
_CONNECTING = frozenset({"asyncpg", "psycopg", "psycopg2", "create_engine", "create_async_engine", "connect_as_admin", "engine_from_config"})
_READING = frozenset({"get_bind", "get_context", "connection"})
_ONCE = frozenset({"add", "drop", "rename"})
_REPEATABLE = word_set("comment grant revoke set reset analyze vacuum refresh reindex delete select")


def check_timeouts(statement: Statement, _context: Context) -> Iterator[Rule]:
    """SET and set_config of a wait that is too long, RESET of any, DISCARD of everything that the runner has set."""
    named = next((at for at, word in enumerate(statement.words) if word in LONGEST), 0)
    if statement.verb == "discard":
        lifted = True
    elif statement.verb == "reset":
        lifted = bool(named) or statement.has("all")
    elif statement.verb == "set":
        written = "".join(token.value or token.text for token in statement.tokens[named + 2 :])
        lifted = bool(named) and _lifts(statement.words[named], written)
    else:
        setting, value, *_ = [*(token.value for token in statement.tokens if token.kind is Kind.STRING), "", ""]
        lifted = statement.has("set_config") and setting in LONGEST and _lifts(setting, value)
    if lifted:
        yield rules.LIFTED_TIMEOUT


def _lifts(setting: str, value: str) -> bool:
    """0 stands for no limit."""
    found = _DURATION.fullmatch(value)
    if not found:
        return True
    milliseconds = float(found[1]) * _UNITS[found[2]]
    return milliseconds == 0 or milliseconds > LONGEST[setting]


def check_repeatable(statement: Statement, context: Context) -> Iterator[Rule]:
    if context.outside_transaction and not _is_repeatable(statement):
        yield rules.NOT_REPEATABLE


def _is_repeatable(statement: Statement) -> bool:
    by_verb = {
        "create": "exists" in statement.options or {"or", "replace"} <= statement.options,
        "drop": "exists" in statement.options,
        "alter": statement.kind == "table" and all(has(a, "exists") or a[0].word not in _ONCE for a in actions(statement)),
        "insert": statement.has("on", "conflict"),
        "update": statement.has("where"),
    }
    return by_verb.get(statement.verb, statement.verb in _REPEATABLE)


def check_hidden(statement: Statement, _context: Context) -> Iterator[Rule]:
    if statement.verb in {"do", "prepare", "execute"}:
        yield rules.HIDDEN


def check_revision(revision: Revision) -> Iterator[Rule]:
    """What the file itself shows, whatever its statements are."""
    if not {"Expand.", "Contract."} & set(revision.says.splitlines()):
        yield rules.UNSAID
    if revision.execution is Execution.PYTHON:
        names = {name for node in ast.walk(ast.parse(revision.path.read_text())) for name in _names(node)}
        if names & _CONNECTING:
            yield rules.OWN_CONNECTION
        elif not names & _READING:
            yield rules.NEEDLESS_PYTHON


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Import(names=aliases):
            yield from (alias.name.partition(".")[0] for alias in aliases)
        case ast.ImportFrom(module=module, names=aliases):
            yield (module or "").partition(".")[0]
            yield from (alias.name for alias in aliases)
