"""Rules about names: every one says its schema, and the schema is the revision's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrations.history import History
from migrations.lint import catalogue as rules
from migrations.lint.catalogue import Rule
from migrations.lint.context import Context
from migrations.lint.functions import called
from migrations.sql.statements import Name, Statement, has, name_at, split
from migrations.sql.tokens import Token
from migrations.tokens import LOGIN_ROLE, TENANT_ROLE, TENANTS_GROUP

_WITH_SCHEMA = frozenset({"table", "view", "materialized view", "index", "sequence", "function", "procedure", "type", "domain", "column"})
ROLES = {History.TENANT: {TENANT_ROLE}, History.CONTROL: {TENANTS_GROUP, LOGIN_ROLE}}
_AFTER_ROLES = frozenset({"with", "using", "granted"})
_SETTINGS = frozenset({"search_path", "role", "session_authorization"})
_ROWS = frozenset({"insert", "update", "delete", "truncate", "lock", "merge"})
_QUERIES = frozenset({"insert", "update", "delete", "select", "with", "create", "merge"})
_FOREIGN_GROUND = frozenset({"public", "information_schema", "pg_temp", "pg_toast"})
_FROM_INSIDE_A_CALL = frozenset({"extract", "substring", "trim", "overlay", "position"})
_WITH_A_COLUMN_IN_FULL = len(("COMMENT", "ON", "COLUMN", "schema", ".", "table", ".", "column"))
_MANY_DROPPED = frozenset({"table", "view", "materialized view", "index", "sequence"})


def check(statement: Statement, context: Context) -> Iterator[Rule]:
    names = list(named(statement))
    if any(not name.schema for name in names):
        yield rules.UNQUALIFIED
    foreign = any(name.schema and not _is_own(name.schema, context) for name in names)
    if foreign or _reaches_out(statement, context):
        yield rules.OTHER_SCHEMA


def check_foreign_keys(statement: Statement, context: Context) -> Iterator[Rule]:
    if any(name.schema and name.schema != context.schema for name in after(statement.tokens, "references")):
        yield rules.FOREIGN_KEY_LEAVES


def check_roles(statement: Statement, context: Context) -> Iterator[Rule]:
    """REVOKE may name anybody: it opens nothing. OWNED BY a role reaches into every schema that it has something in."""
    words = statement.words
    if statement.verb == "reassign" or (statement.verb, statement.kind) == ("drop", "owned"):
        yield rules.OTHER_ROLE
    gives = statement.verb == "grant" or statement.kind in {"policy", "default privileges"} or has(statement.tokens, "owner", "to")
    if "to" in words and gives:
        begin = len(words) - words[::-1].index("to")
        end = next((at for at in range(begin, len(words)) if words[at] in _AFTER_ROLES), len(words))
        roles = {part[-1].name for part in split(statement.tokens[begin:end])}
        if not roles <= ROLES[context.history]:
            yield rules.OTHER_ROLE


def _is_own(schema: str, context: Context) -> bool:
    return schema in {context.schema, "pg_catalog"}


def _reaches_out(statement: Statement, context: Context) -> bool:
    if any(schema and not _is_own(schema, context) for schema, _ in called(statement.tokens)):
        return True
    if any(token.name in _FOREIGN_GROUND and after.text == "." for token, after in zip(statement.tokens, statement.tokens[1:], strict=False)):
        return True
    if statement.verb in {"create", "alter", "drop"} and statement.kind in {"schema", "database", "role", "user", "tablespace"}:
        return True
    if statement.verb in {"set", "reset"}:
        return any(statement.has(word) for word in ("search_path", "role", "authorization"))
    if statement.has("set_config") and any(token.value in _SETTINGS for token in statement.tokens):
        return True
    return has(statement.tokens, "set", "schema") or _grants_elsewhere(statement, context)


def _grants_elsewhere(statement: Statement, context: Context) -> bool:
    """GRANT … ON SCHEMA x, … ON ALL TABLES IN SCHEMA x; default privileges that name no schema are everywhere's."""
    by_default = statement.kind == "default privileges"
    if statement.verb not in {"grant", "revoke"} and not by_default:
        return False
    return (by_default and not statement.has("in", "schema")) or any(not _is_own(name.name, context) for name in after(statement.tokens, "schema"))


def named(statement: Statement) -> Iterator[Name]:
    """The tables, views, functions … that a statement names where only such a name may stand."""
    if statement.name and (statement.verb in _ROWS or (statement.verb in {"create", "alter", "drop", "comment"} and statement.kind in _WITH_SCHEMA)):
        yield from _own_names(statement)
    if statement.kind in {"index", "trigger", "policy", "rule", "statistics"} and statement.table and statement.table != statement.name:
        yield statement.table
    if statement.kind == "trigger" and statement.verb == "create":
        yield from after(statement.tokens, "function", "procedure")
    if statement.verb in {"grant", "revoke"}:
        yield from granted(statement)
    yield from after(statement.tokens, "references")
    if statement.verb in _QUERIES and statement.kind in {"", "view", "materialized view", "table", "rule"}:
        yield from read_by(statement)


def _own_names(statement: Statement) -> Iterator[Name]:
    """An index is made without a schema: it goes where its table is."""
    if (statement.verb, statement.kind) == ("create", "index"):
        return
    if statement.kind == "column" and statement.name and statement.rest < _WITH_A_COLUMN_IN_FULL:
        yield Name("", statement.name.schema)
    elif statement.name:
        yield statement.name
    if statement.verb == "drop" and statement.kind in _MANY_DROPPED:
        for part in split(statement.tokens[statement.rest :]):
            name, _ = name_at(part, 0)
            if name and part[0].word not in {"cascade", "restrict"}:
                yield name


def after(part: Sequence[Token], *words: str) -> Iterator[Name]:
    for at, token in enumerate(part):
        name = name_at(part, at + 1)[0] if token.word in words else None
        if name:
            yield name


def granted(statement: Statement) -> Iterator[Name]:
    """GRANT … ON [TABLE | SEQUENCE | FUNCTION] a, b TO …; a membership (GRANT role TO role) names nothing of ours."""
    words = statement.words
    if "on" not in words:
        return
    begin = words.index("on") + 1
    end = next((at for at in range(begin, len(words)) if words[at] in {"to", "from"}), len(words))
    if {"schema", "all", "database", "language", "type", "domain"} & set(words[begin : begin + 1]):
        return
    begin += bool({"table", "sequence", "function", "procedure"} & set(words[begin : begin + 1]))
    for part in split(statement.tokens[begin:end]):
        if name := name_at(part, 0)[0]:
            yield name


def read_by(statement: Statement) -> Iterator[Name]:
    """What stands after FROM, JOIN and USING, without the names that WITH gives and without calls."""
    part = statement.tokens
    given = set(_given(part))
    for at, token in enumerate(part):
        using = token.word == "using" and statement.verb in {"delete", "merge"} and at + 1 < len(part) and part[at + 1].text != "("
        if token.word == "join" or using or (token.word == "from" and not _is_part_of_an_expression(part, at)):
            begin = at + 1
            while begin < len(part):
                begin += part[begin].word in {"only", "lateral"}
                name, end = name_at(part, begin)
                is_table = name is not None and not (end < len(part) and part[end].text == "(")
                if name and is_table and (name.schema or name.name not in given) and not (statement.verb == "delete" and at == 1):
                    yield name
                begin = len(part) if token.word == "join" else _next_in_list(part, end)


def _given(part: Sequence[Token]) -> Iterator[str]:
    """`w AS (`, `w (a, b) AS MATERIALIZED (`."""
    for at in range(1, len(part) - 1):
        if part[at].word == "as" and (part[at + 1].text == "(" or part[at + 1].word in {"not", "materialized"}):
            before = at - 1
            if part[before].text == ")":  # its columns' names
                before = next((index - 1 for index in range(before, 0, -1) if part[index].text == "("), 0)
            yield part[before].name


def _next_in_list(part: Sequence[Token], at: int) -> int:
    """Past an alias and a comma, where another name follows; else the end."""
    at += at < len(part) and part[at].word == "as"
    at += at < len(part) and bool(part[at].name) and part[at].word not in {"where", "join", "left", "right", "inner", "full", "cross", "set"}
    return at + 1 if at < len(part) and part[at].text == "," else len(part)


def _is_part_of_an_expression(part: Sequence[Token], at: int) -> bool:
    """IS DISTINCT FROM, EXTRACT(… FROM …) and their like, REVOKE … FROM."""
    if at and part[at - 1].word == "distinct":
        return True
    depth = 0
    for before in range(at - 1, 0, -1):
        depth += (part[before].text == ")") - (part[before].text == "(")
        if depth < 0:
            return part[before - 1].word in _FROM_INSIDE_A_CALL
    return False
