"""Partial changes (RFC 7644, 3.5.2), with the ways in which Okta and Entra ID write them. Pure: a document goes in, another comes out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal, cast

from app.scim.documents import Document, Place, place_of, read_extension, value_of, writable
from app.scim.errors import ScimRefusal, immutable, invalid_path, invalid_syntax, invalid_value
from app.scim.filters import All, Compare, Filter, Path, read_target
from app.scim.matching import matches
from app.scim.schemas import PATCH, Attribute, Kind

MOST_OPERATIONS, MOST_COMPARED = 1000, 200_000
_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([0-9a-f-]{1,40})"\s*\]', re.IGNORECASE)
Verb = Literal["add", "remove", "replace"]


@dataclass(frozen=True, slots=True)
class Operation:
    verb: Verb
    path: str | None
    value: object = None


def read_operations(sent: object) -> tuple[Operation, ...]:
    """The body of a PATCH; names and verbs in any case, as clients write them. Raises ScimRefusal (invalidSyntax)."""
    body = {str(name).lower(): value for name, value in sent.items()} if isinstance(sent, dict) else {}
    schemas, operations = body.get("schemas"), body.get("operations")
    if not isinstance(schemas, list) or PATCH.lower() not in {str(one).lower() for one in schemas}:
        raise invalid_syntax(f"A change takes a JSON object whose schemas hold {PATCH}.")
    if not isinstance(operations, list) or not 1 <= len(operations) <= MOST_OPERATIONS:
        raise invalid_syntax(f"Operations takes a list of 1 to {MOST_OPERATIONS} operations.")
    return tuple(_operation(one) for one in operations)


def patched(kind: Kind, document: Mapping[str, Any], operations: tuple[Operation, ...]) -> Document:
    """All of them, one after the other, or none. Raises ScimRefusal."""
    changed = deepcopy(dict(document))
    gathered = tuple(_gathered(operations))
    if len(gathered) * max((len(value) for value in changed.values() if isinstance(value, list)), default=1) > MOST_COMPARED:
        raise ScimRefusal(413, "These are too many operations for so many values. Send fewer at once, or name several values in one operation.")
    for operation in gathered:
        if operation.path is None:
            _without_path(kind, changed, operation)
        else:
            _at(kind, changed, operation.verb, operation.path, operation.value)
    return {name: value for name, value in changed.items() if value not in ({}, [], None)}


def _gathered(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Those that add or remove single members one after the other, as one: clients send hundreds of them for large groups."""
    waiting: Operation | None = None
    for operation in map(_by_value, operations):
        if waiting is not None and _alike(waiting, operation):
            waiting = Operation(waiting.verb, waiting.path, [*_values(waiting), *_values(operation)])
            continue
        if waiting is not None:
            yield waiting
        waiting = operation
    if waiting is not None:
        yield waiting


def _by_value(operation: Operation) -> Operation:
    """`members[value eq "…"]` names one member, as the value of the operation can, too."""
    one = _MEMBER.fullmatch(operation.path or "") if operation.verb == "remove" else None
    return Operation("remove", "members", [{"value": one[1].lower()}]) if one else operation


def _alike(one: Operation, other: Operation) -> bool:
    """Both add, or both remove, values of a group's members."""
    return one.verb == other.verb != "replace" and all(
        (each.path or "").lower() == "members" and isinstance(each.value, list) for each in (one, other)
    )


def _values(operation: Operation) -> list[object]:
    return operation.value if isinstance(operation.value, list) else []


def _operation(sent: object) -> Operation:
    given = {str(name).lower(): value for name, value in sent.items()} if isinstance(sent, dict) else {}
    verb, path = given.get("op"), given.get("path")
    if not isinstance(verb, str) or verb.lower() not in {"add", "remove", "replace"}:
        raise invalid_syntax("Each operation takes an op: add, remove or replace.")
    if path is not None and not isinstance(path, str):
        raise invalid_path("path takes text.")
    if verb.lower() != "remove" and "value" not in given:
        raise invalid_value(f"{verb.lower()} takes a value.")
    return Operation(cast("Verb", verb.lower()), path or None, given.get("value"))


def _without_path(kind: Kind, document: Document, operation: Operation) -> None:
    """The value's names are the paths; of those that nobody may change, clients send along what they have read."""
    if operation.verb == "remove":
        raise ScimRefusal(400, "remove takes a path.", "noTarget")
    if not isinstance(operation.value, dict):
        raise invalid_value(f"{operation.verb} without a path takes a JSON object.")
    for name, value in operation.value.items():
        if str(name).lower() in {"schemas", "id", "meta"}:
            continue
        _at(kind, document, operation.verb, str(name), value)


def _at(kind: Kind, document: Document, verb: Verb, text: str, value: object) -> None:
    target = read_target(text, invalid_path)
    path = Path(target.path.name, target.sub or target.path.sub, target.path.schema)
    place = writable(place_of(kind, path))
    if place.attribute is None:
        _whole_extension(kind, document, verb, place, value)
        return
    home = document.setdefault(place.extension, {}) if place.extension else document
    if target.filter is not None:
        _among(home, place.attribute, place.sub, target.filter, verb, value)
    elif place.sub is not None:
        _part(home, place.attribute, place.sub, verb, value)
    else:
        _attribute(home, place.attribute, verb, value)


def _whole_extension(kind: Kind, document: Document, verb: Verb, place: Place, value: object) -> None:
    extension = kind.extension(place.extension)
    assert extension is not None  # noqa: S101 - that is what the place is
    if verb == "remove":
        document.pop(place.extension, None)
    else:
        given = read_extension(extension, value)
        document[place.extension] = given if verb == "replace" else {**document.get(place.extension, {}), **given}


def _attribute(home: Document, attribute: Attribute, verb: Verb, value: object) -> None:
    if verb == "remove":
        _remove(home, attribute, value)
        return
    given = value_of(attribute, value)
    if given is None:
        _remove(home, attribute, None)
    elif attribute.many and verb == "add":
        home[attribute.name] = _joined(home.get(attribute.name, []), given)
    elif attribute.type == "complex" and not attribute.many:
        home[attribute.name] = {**home.get(attribute.name, {}), **given}
    else:
        home[attribute.name] = given


def _remove(home: Document, attribute: Attribute, value: object) -> None:
    """Entra ID names the values to be removed in the operation's value."""
    if attribute.many and value is not None:
        gone = {_key(one) for one in value_of(attribute, value)}
        home[attribute.name] = [one for one in home.get(attribute.name, []) if _key(one) not in gone]
        return
    if attribute.required:
        raise immutable(attribute.name)
    home.pop(attribute.name, None)


def _part(home: Document, attribute: Attribute, sub: Attribute, verb: Verb, value: object) -> None:
    """Of an attribute with several values, in each of them."""
    if attribute.many:
        held = home.get(attribute.name, [])
        if not held and verb != "remove":
            home[attribute.name] = held = [{}]
    else:
        held = [home.setdefault(attribute.name, {})]
    for one in held:
        _set(one, sub, verb, value)


def _among(home: Document, attribute: Attribute, sub: Attribute | None, wanted: Filter, verb: Verb, value: object) -> None:
    if not attribute.many:
        raise invalid_path(f"{attribute.name} has one value; name it without brackets.")
    held: list[Document] = home.get(attribute.name, [])
    chosen = [one for one in held if matches(wanted, one, attribute)]
    if not chosen and verb == "add":
        chosen = [_described(wanted, attribute)]
        home[attribute.name] = held = [*held, *chosen]
    if not chosen and verb == "replace":
        raise ScimRefusal(400, f"No value of {attribute.name} fits the path's filter.", "noTarget")
    if sub is not None:
        for one in chosen:
            _set(one, sub, verb, value)
    elif verb == "remove":
        home[attribute.name] = [one for one in held if one not in chosen]
    else:
        given = value_of(attribute, value) or [{}]
        for one in chosen:
            one.update(given[0])
    _one_primary(held, chosen)


def _set(one: Document, sub: Attribute, verb: Verb, value: object) -> None:
    given = None if verb == "remove" else value_of(sub, value)
    if given is None:
        one.pop(sub.name, None)
    else:
        one[sub.name] = given


def _described(wanted: Filter, attribute: Attribute) -> Document:
    """A value that fits the filter, where that says wholly what it has to be: Entra ID adds phoneNumbers[type eq "work"].value so."""
    terms = wanted.terms if isinstance(wanted, All) else (wanted,)
    made: Document = {}
    for term in terms:
        sub = attribute.sub(term.path.name) if isinstance(term, Compare) and not term.path.sub else None
        if sub is None or not isinstance(term, Compare) or term.operator != "eq":
            raise ScimRefusal(400, f"No value of {attribute.name} fits the path's filter.", "noTarget")
        made[sub.name] = value_of(sub, term.value)
    return made


def _joined(held: list[Any], given: list[Any]) -> list[Any]:
    """Those that are not there yet are added; of several that say to be primary, the one that came last is."""
    known = {_key(one) for one in held}
    new = [one for one in given if _key(one) not in known]
    joined = [*held, *new]
    _one_primary(joined, new)
    return joined


def _one_primary(held: list[Any], favoured: list[Any]) -> None:
    chosen = [one for one in favoured if isinstance(one, dict) and one.get("primary")]
    if chosen:
        for one in held:
            if one is not chosen[-1] and isinstance(one, dict) and one.get("primary"):
                one["primary"] = False


def _key(one: object) -> object:
    """By which two values are the same: of people and groups the id, else all of it."""
    if isinstance(one, dict):
        if set(one) <= {"value", "display", "type"} and "value" in one:
            return (one["value"], None if one.get("type") == "User" else one.get("type"))
        return tuple(sorted((name, str(value)) for name, value in one.items()))
    return one
