"""Row policies as SQL, specialised to what the reader may do."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.api.compiler.parameters import Parameters
from app.api.compiler.rows import Source, column_name, table_name
from app.api.rights import Rights
from app.shared.conditions import AllOf, AnyOf, Condition, Differs, Equals, IsMe, IsNull, LinksToMe, Permitted, Reads
from app.shared.graph import Entity

_STATED = re.compile(r"[A-Za-z_]+")
Truth = bool | str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, of which entities; with the parameters that name them."""

    rights: Rights
    parameters: Parameters
    entities: Mapping[str, Entity]


def truth(condition: Condition, row: Source, reader: Reader) -> Truth:  # noqa: C901, PLR0911 - one answer per kind
    """True or False where rights alone decide, else a predicate over the row."""
    rights, parameters = reader.rights, reader.parameters
    match condition:
        case Permitted(permission):
            return rights.may(permission)
        case Equals(column, value):
            return f"{row.column(column)} = {stated(value)}"
        case Differs(column, value):
            return f"{row.column(column)} <> {stated(value)}"
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
        case Reads(type_name, column):
            return _reads(row, reader, reader.entities[type_name], row.column(column))
        case AnyOf(parts):
            return disjunction([truth(part, row, reader) for part in parts])
        case AllOf(parts):
            return conjunction([truth(part, row, reader) for part in parts])


def _reads(row: Source, reader: Reader, entity: Entity, named: str) -> Truth:
    far = Source(entity, f"{row.alias}v")
    readable = truth(entity.visible, far, reader)
    if readable is False:
        return False
    return f"EXISTS (SELECT FROM {table_name(entity.table)} {far.alias} WHERE {far.column(entity.key)} = {named} AND {predicate(readable)})"


def alternatives(condition: Condition, row: Source, reader: Reader) -> list[Truth]:
    """The ways in which a condition can hold; together they are its truth."""
    if not isinstance(condition, AnyOf):
        return [truth(condition, row, reader)]
    parts = [truth(part, row, reader) for part in condition.parts]
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
