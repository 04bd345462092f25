"""Row policies as SQL, specialised to what the reader may do."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

import re

from app.api.compiler.parameters import Parameters
from app.api.compiler.rows import Source, column_name, table_name
from app.api.rights import Rights
from app.shared.graph import AllOf, AnyOf, Condition, Equals, IsMe, IsNull, LinksToMe, Permitted

_STATED = re.compile(r"[A-Za-z_]+")
Truth = bool | str


def truth(condition: Condition, row: Source, rights: Rights, parameters: Parameters) -> Truth:  # noqa: PLR0911 - one answer per kind
    """True or False where rights alone decide, else a predicate over the row."""
    match condition:
        case Permitted(permission):
            return rights.may(permission)
        case Equals(column, value):
            return f"{row.column(column)} = {stated(value)}"
        case IsNull(column):
            return f"{row.column(column)} IS NULL"
        case IsMe(column):
            return f"{row.column(column)} = {parameters.me()}" if rights.signed_in else False
        case LinksToMe(near, far):
            if not rights.signed_in:
                return False
            # An array, read once, rather than EXISTS: cheap beside other conditions, and an index finds its rows.
            mine = f"SELECT {column_name(near)} FROM {table_name(near.table)} WHERE {column_name(far)} = {parameters.me()}"
            return f"{row.column(row.entity.key)} = ANY (ARRAY({mine}))"
        case AnyOf(parts):
            return disjunction([truth(part, row, rights, parameters) for part in parts])
        case AllOf(parts):
            return conjunction([truth(part, row, rights, parameters) for part in parts])


def alternatives(condition: Condition, row: Source, rights: Rights, parameters: Parameters) -> list[Truth]:
    """The ways in which a condition can hold; together they are its truth."""
    if not isinstance(condition, AnyOf):
        return [truth(condition, row, rights, parameters)]
    parts = [truth(part, row, rights, parameters) for part in condition.parts]
    return [True] if any(part is True for part in parts) else [part for part in parts if part is not False] or [False]


def conjunction(parts: list[Truth]) -> Truth:
    if any(part is False for part in parts):
        return False
    needed = [part for part in parts if isinstance(part, str)]
    return f"({' AND '.join(needed)})" if needed else True


def disjunction(parts: list[Truth]) -> Truth:
    if any(part is True for part in parts):
        return True
    possible = [part for part in parts if isinstance(part, str)]
    return f"({' OR '.join(possible)})" if possible else False


def negation(part: Truth) -> Truth:
    return f"NOT ({part})" if isinstance(part, str) else not part


def predicate(part: Truth) -> str:
    return part if isinstance(part, str) else str(part).lower()


def stated(value: str) -> str:
    """A literal that the code states: a status, the name of an enum's value."""
    if not _STATED.fullmatch(value):
        raise ValueError(f"{value!r} is no plain word")
    return f"'{value}'"
