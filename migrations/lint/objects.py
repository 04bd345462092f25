"""Rules about what is made, renamed and dropped: indexes, types, functions, tables."""

from __future__ import annotations

from collections.abc import Iterator

from migrations.history import History
from migrations.lint import catalogue as rules
from migrations.lint.catalogue import Rule
from migrations.lint.columns import actions
from migrations.lint.context import Context
from migrations.sql.indexes import UnreadableIndex, read_index
from migrations.sql.statements import Statement, has, name_at
from migrations.tokens import TENANT_SCHEMA

_HOLDING_SOMETHING = frozenset({"table", "view", "materialized view", "function", "procedure", "sequence", "type", "domain"})
_NAMED_BY_QUERIES = frozenset({"table", "view", "materialized view", "function", "procedure", "sequence", "type", "schema"})


def check_index(statement: Statement, context: Context) -> Iterator[Rule]:
    if (statement.verb, statement.kind) != ("create", "index"):
        return
    concurrently = "concurrently" in statement.options
    if concurrently != context.outside_transaction:
        at_fault = concurrently or not context.is_new(statement.table)
    else:
        guarded_by_the_runner = context.history is History.TENANT and context.replayed and _is_known_to_the_runner(statement)
        at_fault = not concurrently and not guarded_by_the_runner and not context.is_new(statement.table)
    if at_fault:
        yield rules.INDEX


def _is_known_to_the_runner(statement: Statement) -> bool:
    """Whether the runner finds it, and builds it where it stops nobody."""
    try:
        made = read_index(statement)
    except UnreadableIndex:
        return False
    return made.guarded and made.table.schema == TENANT_SCHEMA


def check_rename(statement: Statement, context: Context) -> Iterator[Rule]:
    """Constraints, triggers and indexes may take another name: no query asks for theirs."""
    if statement.verb != "alter" or statement.kind not in _NAMED_BY_QUERIES or context.is_new(statement.name):
        return
    rest = statement.tokens[statement.rest :]
    if has(rest, "rename") and not has(rest, "rename", "constraint"):
        yield rules.RENAME


def check_drop(statement: Statement, context: Context) -> Iterator[Rule]:
    if context.contracts or context.is_new(statement.name):
        return
    whole = statement.verb == "drop" and statement.kind in _HOLDING_SOMETHING and not _made_again(statement, context)
    columns = any(action[0].word == "drop" and len(action) > 1 and _is_column(action[1].word) for action in actions(statement))
    if whole or columns or statement.verb == "truncate":
        yield rules.DROP


def _is_column(word: str) -> bool:
    return word not in {"constraint", "not", "default", "expression", "identity"}


def _made_again(statement: Statement, context: Context) -> bool:
    """A function or view that must be dropped to change its shape."""
    return statement.kind != "table" and any(
        (other.verb, other.kind, other.name) == ("create", statement.kind, statement.name) for other in context.statements
    )


def check_lock(statement: Statement, context: Context) -> Iterator[Rule]:
    rest = statement.tokens[1:]
    match statement.verb:
        case "lock" | "cluster":
            shuts_out = True
        case "vacuum":
            shuts_out = has(rest, "full")
        case "reindex" | "refresh":
            shuts_out = not has(rest, "concurrently")
        case "alter" if _attaches_one_in_use(statement, context):
            shuts_out = True
        case "alter" if statement.kind in {"table", "materialized view", "index"} and not context.is_new(statement.name):
            shuts_out = any(has(rest, "set", word) for word in ("logged", "unlogged", "tablespace", "access"))
        case _:
            shuts_out = False
    if shuts_out:
        yield rules.TABLE_LOCK


def _attaches_one_in_use(statement: Statement, context: Context) -> bool:
    """ATTACH PARTITION reads the whole of what is attached, and keeps everybody from it until then."""
    attached = (name_at(action, 2)[0] for action in actions(statement) if has(action[:2], "attach", "partition"))
    return any(not context.is_new(name) for name in attached)


def check_type(statement: Statement, _context: Context) -> Iterator[Rule]:
    if statement.verb in {"create", "alter"} and statement.kind in {"type", "domain"}:
        yield rules.TYPE
    if statement.verb in {"create", "alter"} and statement.kind == "extension":
        yield rules.EXTENSION


def check_search_path(statement: Statement, _context: Context) -> Iterator[Rule]:
    if statement.verb in {"create", "alter"} and statement.kind in {"function", "procedure"}:
        rest = statement.tokens[statement.rest :]
        if has(rest, "security", "definer") and not has(rest, "set", "search_path"):
            yield rules.SEARCH_PATH
