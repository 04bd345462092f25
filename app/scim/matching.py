"""Whether one value of an attribute fits a filter: what PATCH's paths ask (RFC 7644, 3.5.2). Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.scim.errors import invalid_path
from app.scim.filters import All, Compare, Either, Filter, Not, Path, Present, Within
from app.scim.schemas import Attribute

_TEXT: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        "co": lambda held, wanted: wanted in held,
        "sw": str.startswith,
        "ew": str.endswith,
        "gt": operator.gt,
        "ge": operator.ge,
        "lt": operator.lt,
        "le": operator.le,
    }
)


def matches(wanted: Filter, value: Mapping[str, Any], attribute: Attribute) -> bool:
    """Raises ScimRefusal (invalidPath) for a part that the attribute does not have."""
    match wanted:
        case All(terms):
            return all(matches(term, value, attribute) for term in terms)
        case Either(terms):
            return any(matches(term, value, attribute) for term in terms)
        case Not(term):
            return not matches(term, value, attribute)
        case Present(path):
            return value.get(_part(path, attribute)) is not None
        case Compare(path, verb, against):
            return _compared(value.get(_part(path, attribute)), verb, against)
        case Within():
            raise invalid_path("Brackets do not stand within brackets.")


def _part(path: Path, attribute: Attribute) -> str:
    sub = attribute.sub(path.name)
    if sub is None or path.sub or path.schema:
        raise invalid_path(f"{attribute.name} has no part {str(path)[:80]}.")
    return sub.name


def _compared(held: object, verb: str, against: object) -> bool:
    held, against = _comparable(held), _comparable(against)
    if verb == "eq":
        return held == against
    if verb == "ne":
        return held != against
    return isinstance(held, str) and isinstance(against, str) and _TEXT[verb](held, against)


def _comparable(value: object) -> object:
    """Without case; truth as Entra ID has it in filters, too: primary eq "True"."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.casefold(), value.casefold())
    return value
