"""Who may see and do what, as a table: read off the SDL's directives and the contexts' declared conditions, never written by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.api.rights import Rights, rights_of
from app.api.schema import Schema
from app.shared.conditions import EVERYBODY, AllOf, AnyOf, Condition, Differs, Equals, IsMe, IsNull, LinksToMe, Permitted, Reads
from app.shared.graph import Computed, Entity, Field, Group, Only, Query, Recalled, Sealed, Value
from auth.principal import ANONYMOUS, Kind, Principal

NOBODY = "anonymous"
YES, NO, OWN = "yes", "no", "own"
INTRODUCTION = """\
# Who may see and do what

Made by `imprint schema permissions` from the SDL's directives and the declared conditions, for the roles that every organization
begins with; `imprint schema permissions --tenant SLUG` shows an organization's own. **yes**: always. **own**: what is theirs (they
wrote it, edit it, or it is about them). Other words name what a row must be. A field of a type that has a row here goes with that
row where it has none of its own; what has no row is for everybody. Rules of the product come on top (authors do not approve their
own posts, only owners touch owners); they answer with a code of their own.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """`place`: a type whose rows are meant, one of its fields, or a root field (`Query.users`, `Mutation.createPost`)."""

    place: str
    cells: Mapping[str, str]


def matrix(schema: Schema, roles: Mapping[str, frozenset[str]]) -> list[Line]:
    """A line for everything that is not for everybody; a cell for each role, and for whoever is not signed in."""
    rights = {NOBODY: rights_of(ANONYMOUS)} | {
        role: rights_of(Principal(Kind.PERSON, role=role, permissions=permissions)) for role, permissions in roles.items()
    }
    return [*_root(schema, "Query", rights), *_rows(schema, rights), *_fields(schema, rights), *_root(schema, "Mutation", rights)]


def printed(lines: list[Line]) -> str:
    """Markdown, for the documentation and for a terminal alike."""
    columns = ["", *lines[0].cells]
    rows = [[f"`{line.place}`", *line.cells.values()] for line in lines]
    widths = [max(len(row[column]) for row in [columns, *rows]) for column in range(len(columns))]
    drawn = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in [columns, *rows]]
    return "\n".join([drawn[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *drawn[1:]]) + "\n"


def _root(schema: Schema, name: str, rights: Mapping[str, Rights]) -> Iterator[Line]:
    for field in schema.object_type(name).fields:
        query = schema.bindings.queries.get(field) if name == "Query" else None
        condition = _asked_of(query)
        if (name, field) in schema.bindings.requirements or condition != EVERYBODY:
            yield Line(f"{name}.{field}", {role: _cell(schema, name, field, condition, of) for role, of in rights.items()})


def _rows(schema: Schema, rights: Mapping[str, Rights]) -> Iterator[Line]:
    for name, entity in schema.bindings.entities.items():
        if entity.visible != EVERYBODY:
            yield Line(name, {role: _said(described(entity.visible, of, schema.bindings.entities)) for role, of in rights.items()})


def _fields(schema: Schema, rights: Mapping[str, Rights]) -> Iterator[Line]:
    for name, fields in schema.bindings.fields.items():
        for field, binding in fields.items():
            condition = _condition_of(binding)
            if (name, field) in schema.bindings.requirements or condition != EVERYBODY:
                yield Line(f"{name}.{field}", {role: _cell(schema, name, field, condition, of) for role, of in rights.items()})


def _asked_of(query: Query | None) -> Condition:
    """What a root field asks of the reader by itself; filters of a list are no permission."""
    return query.condition if isinstance(query, Only) else EVERYBODY


def _condition_of(binding: Field) -> Condition:
    return binding.visible if isinstance(binding, Value | Computed | Sealed | Group | Recalled) else EVERYBODY


def _cell(schema: Schema, type_name: str, field: str, condition: Condition, rights: Rights) -> str:
    requirement = schema.bindings.requirements.get((type_name, field))
    if requirement is not None:
        if requirement.refusal(rights) is not None:
            return NO
        if requirement.own and not (requirement.permission and rights.may(requirement.permission)):
            return OWN
    return _said(described(condition, rights, schema.bindings.entities))


def _said(found: bool | str) -> str:  # noqa: FBT001 - a truth, or what it depends on
    return found if isinstance(found, str) else (YES if found else NO)


def described(condition: Condition, rights: Rights, entities: Mapping[str, Entity]) -> bool | str:  # noqa: PLR0911 - one answer per kind
    """True or False where rights alone decide, else what the row must be, in words."""
    match condition:
        case Permitted(permission):
            return rights.may(permission)
        case Equals(column, value):
            return f"{column.name} {value}"
        case Differs(column, value):
            return f"{column.name} not {value}"
        case IsNull(column):
            return f"no {column.name}"
        case IsMe() | LinksToMe():
            return OWN if rights.signed_in else False
        case Reads(type_name):
            far = described(entities[type_name].visible, rights, entities)
            return f"with its {type_name}" if isinstance(far, str) else far
        case AnyOf(parts):
            found = [described(part, rights, entities) for part in parts]
            return True if True in found else " or ".join(dict.fromkeys(word for word in found if isinstance(word, str))) or False
        case AllOf(parts):
            found = [described(part, rights, entities) for part in parts]
            return False if False in found else " and ".join(_grouped(word) for word in found if isinstance(word, str)) or True


def _grouped(words: str) -> str:
    return f"({words})" if " or " in words else words
