"""Filters and orders as conditions on columns. Every value is bound; what is encrypted can be asked for equality alone, by its blind index."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, true

from app.scim.documents import place_of
from app.scim.errors import invalid_filter, invalid_path
from app.scim.filters import All, Compare, Either, Filter, Not, Operator, Path, Present, Value, Within, read_path
from app.scim.schemas import Kind

Condition = ColumnElement[bool]
_ORDERS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType({"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le})


class Field(Protocol):
    """An attribute as it can be asked for. `order` is None where nothing can be sorted by it."""

    @property
    def order(self) -> ColumnElement[Any] | None: ...

    def present(self) -> Condition: ...

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        """Raises ScimRefusal (invalidFilter). `value` is never null."""


@dataclass(frozen=True, slots=True)
class Clear:
    """Text that lies in clear: compared without case."""

    column: ColumnElement[Any]

    @property
    def order(self) -> ColumnElement[Any]:
        return func.lower(self.column).collate("C")

    def present(self) -> Condition:
        return self.column.is_not(None)

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        text, held = _text(name, value).lower(), func.lower(self.column)
        match verb:
            case "eq":
                return held == text
            case "ne":
                return held.is_distinct_from(text)
            case "co":
                return func.strpos(held, text) > 0
            case "sw":
                return func.starts_with(held, text)
            case "ew":
                return func.right(held, len(text)) == text if text else self.present()
            case _:
                condition: Condition = _ORDERS[verb](held.collate("C"), text)
                return condition


@dataclass(frozen=True, slots=True)
class Sealed:
    """Text that lies encrypted: `indexes` are those under which a value may be found."""

    column: ColumnElement[Any]
    indexes: Callable[[str], list[bytes]]
    order: None = None

    def present(self) -> Condition:
        return self.column.is_not(None)

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        if verb not in {"eq", "ne"}:
            raise invalid_filter(f"{name} is kept encrypted: it can be compared by eq, ne and pr alone, not by {verb}.")
        found = self.column.in_(self.indexes(_text(name, value)))
        return found if verb == "eq" else or_(self.column.is_(None), not_(found))


@dataclass(frozen=True, slots=True)
class Truth:
    column: ColumnElement[bool]

    @property
    def order(self) -> ColumnElement[Any]:
        return self.column

    def present(self) -> Condition:
        return true()

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        wanted = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
        if not isinstance(wanted, bool) or verb not in {"eq", "ne"}:
            raise invalid_filter(f"{name} is true or false, and is compared by eq and ne.")
        return self.column if wanted is (verb == "eq") else not_(self.column)


@dataclass(frozen=True, slots=True)
class Identifier:
    column: ColumnElement[Any]

    @property
    def order(self) -> ColumnElement[Any]:
        return self.column

    def present(self) -> Condition:
        return self.column.is_not(None)

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        if verb not in {"eq", "ne"}:
            raise invalid_filter(f"{name} is compared by eq, ne and pr alone, not by {verb}.")
        id = id_of(_text(name, value))
        if id is None:
            return false() if verb == "eq" else true()
        return self.column == id if verb == "eq" else self.column != id


@dataclass(frozen=True, slots=True)
class Moment:
    column: ColumnElement[Any]

    @property
    def order(self) -> ColumnElement[Any]:
        return self.column

    def present(self) -> Condition:
        return true()

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        """Answers have milliseconds, so that is what is compared."""
        try:
            at = datetime.fromisoformat(_text(name, value))
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise invalid_filter(f"{name} takes a moment like 2026-01-31T12:00:00Z.") from None
        held = func.date_trunc("milliseconds", self.column)
        if verb in {"eq", "ne"}:
            return held == at if verb == "eq" else held != at
        if verb not in _ORDERS:
            raise invalid_filter(f"{name} is a moment, and is not compared by {verb}.")
        condition: Condition = _ORDERS[verb](held, at)
        return condition


@dataclass(frozen=True, slots=True)
class Same:
    """What is the same of everybody."""

    value: str | bool
    order: None = None

    def present(self) -> Condition:
        return true()

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        if isinstance(self.value, bool):
            return Truth(literal(self.value)).compared(name, verb, value)
        return Clear(literal(self.value)).compared(name, verb, value)


@dataclass(frozen=True, slots=True)
class Related:
    """A value of several, each in a row of its own: one of them fits. `within` ties those rows to the resource."""

    field: Field
    within: Condition
    order: None = None

    def present(self) -> Condition:
        return exists().where(self.within)

    def compared(self, name: str, verb: Operator, value: Value) -> Condition:
        if verb == "ne":  # of several values, as `not (… eq …)`: who has it is not meant
            return not_(exists().where(self.within, self.field.compared(name, "eq", value)))
        return exists().where(self.within, self.field.compared(name, verb, value))


Fields = Mapping[str, Field]


def condition_of(kind: Kind, fields: Fields, wanted: Filter) -> Condition:  # noqa: PLR0911 - one for each kind of term
    """Raises ScimRefusal (invalidFilter)."""
    match wanted:
        case All(terms):
            return and_(*(condition_of(kind, fields, term) for term in terms))
        case Either(terms):
            return or_(*(condition_of(kind, fields, term) for term in terms))
        case Not(term):
            return not_(condition_of(kind, fields, term))
        case Within(path, inner):
            if isinstance(fields.get(path.key), Related) and not isinstance(inner, Compare | Present):
                raise invalid_filter(f"{path} takes one comparison within brackets.")
            return condition_of(kind, fields, _below(kind, path, inner))
        case Present(path):
            return _field(kind, fields, path).present()
        case Compare(path, verb, None):
            if verb not in {"eq", "ne"}:
                raise invalid_filter(f"null is compared by eq and ne alone, not by {verb}.")
            present = _field(kind, fields, path).present()
            return not_(present) if verb == "eq" else present
        case Compare(path, verb, value):
            return func.coalesce(_field(kind, fields, path).compared(str(path), verb, value), false())


def order_of(kind: Kind, fields: Fields, text: str) -> ColumnElement[Any]:
    """What `sortBy` names (RFC 7644, 3.4.2.3). Raises ScimRefusal (invalidPath)."""
    path = read_path(text, invalid_path)
    place_of(kind, path)
    field = fields.get(path.key)
    if field is None or field.order is None:
        able = sorted(key for key, one in fields.items() if one.order is not None)
        raise invalid_path(f"Nothing can be sorted by {text[:80]}; take one of {', '.join(able)}.")
    return field.order


def id_of(text: str) -> UUID | None:
    """As ids are written here; None where it is none."""
    try:
        id = UUID(text)
    except ValueError:
        return None
    return id if str(id) == text.lower() else None


def _field(kind: Kind, fields: Fields, path: Path) -> Field:
    place_of(kind, path, invalid_filter)
    field = fields.get(path.key) if not path.schema or path.schema.lower() == kind.schema.id.lower() else None
    if field is None:
        raise invalid_filter(f"Nothing can be found by {str(path)[:80]}, which is kept encrypted; take one of {', '.join(sorted(fields))}.")
    return field


def _below(kind: Kind, outer: Path, inner: Filter) -> Filter:
    """`emails[type eq "work"]` as `emails.type eq "work"`: of the attributes that can be asked for here, nobody has two values that differ."""
    if outer.sub:
        raise invalid_filter(f"{str(outer)[:80]} has no brackets; they stand behind an attribute with several values.")
    match inner:
        case All(terms):
            return All(tuple(_below(kind, outer, term) for term in terms))
        case Either(terms):
            return Either(tuple(_below(kind, outer, term) for term in terms))
        case Not(term):
            return Not(_below(kind, outer, term))
        case Within():
            raise invalid_filter("Brackets do not stand within brackets.")
        case Present(path):
            return Present(_joined(outer, path))
        case Compare(path, verb, value):
            return Compare(_joined(outer, path), verb, value)


def _joined(outer: Path, path: Path) -> Path:
    if path.sub or path.schema:
        raise invalid_filter(f"{str(path)[:80]} does not stand within brackets; name the part alone.")
    return Path(outer.name, path.name, outer.schema)


def _text(name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise invalid_filter(f"{name} is text; put the value in quotation marks.")
    return value
