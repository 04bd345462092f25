"""Resources as clients send them, brought into one form: names as the schema writes them, each value of its type. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.scim.errors import immutable, invalid_path, invalid_syntax, invalid_value
from app.scim.filters import Path, Refuse
from app.scim.schemas import Attribute, Kind, Schema
from auth.http.bodies import storable

LONGEST_TEXT = 1024
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document an attribute is: below an extension's URN, or at the top (""); `attribute` is None for an extension as a whole."""

    extension: str
    attribute: Attribute | None
    sub: Attribute | None = None


def read(kind: Kind, sent: object) -> Document:
    """What may be written of a resource; what is read-only or unknown is passed over (RFC 7644, 3.3). Raises ScimRefusal."""
    if not isinstance(sent, dict):
        raise invalid_syntax("The body has to be one JSON object.")
    names = _without_case(sent)
    schemas = names.get("schemas")
    if schemas is not None and (not isinstance(schemas, list) or kind.schema.id.lower() not in {str(one).lower() for one in schemas}):
        raise invalid_syntax(f"schemas has to be a list with {kind.schema.id} in it.")
    found = _attributes((*kind.common, *kind.schema.attributes), names)
    for extension in kind.extensions:
        part = names.get(extension.id.lower())
        if part is not None:
            found[extension.id] = read_extension(extension, part)
    return {name: value for name, value in found.items() if value not in ({}, [])}


def read_extension(extension: Schema, sent: object) -> Document:
    if not isinstance(sent, dict):
        raise invalid_value(f"{extension.id} takes a JSON object.")
    return _attributes(extension.attributes, _without_case(sent))


def require(kind: Kind, document: Mapping[str, Any]) -> None:
    """Raises ScimRefusal (invalidValue) naming what is missing."""
    missing = [one.name for one in kind.schema.attributes if one.required and one.name != "emails" and not document.get(one.name)]
    if missing:
        raise invalid_value(f"{' and '.join(missing)} has to be given.")


def value_of(attribute: Attribute, sent: object) -> Any:
    """The value in the schema's form; None where there is none. Raises ScimRefusal (invalidValue)."""
    if sent is None:
        return None
    if not attribute.many:
        return _one(attribute, sent)
    values = sent if isinstance(sent, list) else [sent]
    if len(values) > attribute.most:
        raise invalid_value(f"{attribute.name} takes at most {attribute.most} values at once.")
    return [value for value in (_one(attribute, one) for one in values) if value is not None]


def place_of(kind: Kind, path: Path, refuse: Refuse = invalid_path) -> Place:
    """Where this path leads. Raises what `refuse` makes of the reason where there is no such attribute."""
    whole = kind.extension(f"{path.schema}:{path.name}") if path.schema and not path.sub else None
    if whole is not None:
        return Place(whole.id, None)
    extension = kind.extension(path.schema) if path.schema else None
    known = not path.schema or path.schema.lower() == kind.schema.id.lower()
    attribute = extension.attribute(path.name) if extension else kind.top(path.name) if known else None
    sub = attribute.sub(path.sub) if attribute and path.sub else None
    if attribute is None or (path.sub and sub is None):
        raise refuse(f"A {kind.name} has no attribute {str(path)[:120]} here; /scim/v2/Schemas lists those there are.")
    return Place(extension.id if extension else "", attribute, sub)


def writable(place: Place) -> Place:
    """Raises ScimRefusal (mutability) where clients cannot change it."""
    for one in (place.attribute, place.sub):
        if one is not None and one.read_only:
            raise immutable(one.name)
    return place


def _attributes(attributes: Sequence[Attribute], names: Mapping[str, object]) -> Document:
    given = [(one, names[one.name.lower()]) for one in attributes if one.name.lower() in names and not one.read_only]
    values = {one.name: value_of(one, sent) for one, sent in given}
    return {name: value for name, value in values.items() if value is not None}


def _one(attribute: Attribute, sent: object) -> Any:
    if sent is None:
        return None
    if attribute.type == "boolean":
        return _truth(attribute, sent)
    if attribute.type != "complex":
        return _text(attribute, sent)
    if isinstance(sent, str) and attribute.sub("value"):  # Entra ID names a manager by the id alone
        sent = {"value": sent}
    if not isinstance(sent, dict):
        raise invalid_value(f"{attribute.name} takes a JSON object.")
    return _attributes(attribute.subs, _without_case(sent)) or None


def _truth(attribute: Attribute, sent: object) -> bool:
    """Entra ID has long sent truth as text."""
    if isinstance(sent, bool):
        return sent
    if isinstance(sent, str) and sent.lower() in {"true", "false"}:
        return sent.lower() == "true"
    raise invalid_value(f"{attribute.name} takes true or false.")


def _text(attribute: Attribute, sent: object) -> str | None:
    if not isinstance(sent, str):
        raise invalid_value(f"{attribute.name} takes text.")
    if len(sent) > LONGEST_TEXT:
        raise invalid_value(f"{attribute.name} takes at most {LONGEST_TEXT} characters.")
    if not storable(sent):
        raise invalid_value(f"{attribute.name} holds a character that cannot be stored.")
    return sent or None


def _without_case(sent: Mapping[str, object]) -> dict[str, object]:
    """Attributes by their names in lower case (RFC 7643, 2.1)."""
    found = {str(name).lower(): value for name, value in sent.items()}
    if len(found) != len(sent):
        raise invalid_syntax("An attribute is there twice; names of attributes have no case.")
    return found
