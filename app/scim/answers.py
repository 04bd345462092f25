"""What clients are answered: resources with what they asked for, lists, and refusals in SCIM's shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Response

from app.scim.documents import Document, place_of
from app.scim.errors import ScimRefusal, invalid_value
from app.scim.filters import read_path
from app.scim.schemas import ERROR, LIST, Kind
from app.users.errors import AddressTaken, LastOwner, OwnersOnly
from auth.enforced import BreakGlassNamed
from auth.errors import InvalidRequest
from auth.http.statuses import refusal_headers, status_of
from auth.scim.records import UserNameTaken
from tenants.errors import Conflict, Refusal, ValidationFailed
from tenants.tiers import QuotaExceeded

MEDIA_TYPE = "application/scim+json"
ALWAYS = frozenset({"schemas", "id"})
_NEVER_STORED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Resource:
    """One as it is shown, and its entity tag (RFC 7232, 2.3)."""

    document: Document
    tag: str

    @property
    def location(self) -> str:
        location: str = self.document["meta"]["location"]
        return location


@dataclass(frozen=True, slots=True)
class Shown:
    """Which attributes a client wants (RFC 7644, 3.9): those of `only`, or all but those of `without`; by their paths in lower case."""

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def wants(self, name: str) -> bool:
        """Whether anything of this attribute is shown."""
        key = name.lower()
        return not self.only or any(path == key or path.startswith(f"{key}.") for path in self.only) if key not in self.without else False

    def of(self, document: Mapping[str, Any]) -> Document:
        shown: Document = {}
        for name, value in document.items():
            if name in ALWAYS:
                shown[name] = value
            elif self.wants(name):
                part = value if name.lower() in self.only else self._parts(name.lower(), value)
                if part not in ({}, []):
                    shown[name] = part
        return shown

    def _parts(self, prefix: str, value: Any) -> Any:
        if isinstance(value, list):
            return [part for part in (self._parts(prefix, one) for one in value) if part != {}]
        if not isinstance(value, dict):
            return value
        paths = {name: f"{prefix}.{name.lower()}" for name in value}
        return {name: part for name, part in value.items() if (paths[name] in self.only if self.only else paths[name] not in self.without)}


def shown_of(kind: Kind, only: str, without: str) -> Shown:
    """As the parameters have them, with commas between; what there is not is passed over. Raises ScimRefusal where both are given."""
    if only.strip() and without.strip():
        raise invalid_value("attributes and excludedAttributes are not given both; name what you want, or what you do not.")
    return Shown(frozenset(_paths(kind, only)), frozenset(_paths(kind, without)) - {"id", "schemas"})


def resource_answer(resource: Resource, shown: Shown, status: int = 200) -> Response[bytes]:
    headers = {"ETag": resource.tag, "Location": resource.location}
    return answer(shown.of(resource.document), status, headers)


def list_document(found: Sequence[Document], total: int, start: int) -> Document:
    """A page of them (RFC 7644, 3.4.2)."""
    return {"schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(found), "Resources": list(found)}


def answer(document: Mapping[str, Any] | None, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    body = b"" if document is None else json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers={**_NEVER_STORED, **(headers or {})})


def refused(refusal: Refusal) -> Response[bytes]:
    """RFC 7644, 3.12."""
    status, scim_type, headers = _said(refusal)
    document: Document = {"schemas": [ERROR], "status": str(status), "detail": refusal.message}
    if scim_type:
        document["scimType"] = scim_type
    return answer(document, status, headers)


def moment(at: datetime) -> str:
    """As answers have it, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _said(refusal: Refusal) -> tuple[int, str | None, dict[str, str]]:  # noqa: PLR0911 - one for each kind of refusal
    match refusal:
        case ScimRefusal():
            return refusal.status, refusal.scim_type, refusal.headers
        case UserNameTaken() | AddressTaken():
            return 409, "uniqueness", {}
        case ValidationFailed():
            return 400, "invalidValue", {}
        case LastOwner() | OwnersOnly() | BreakGlassNamed() | QuotaExceeded():
            return 403, None, {}
        case Conflict():
            return 409, None, {}
        case InvalidRequest():
            status = status_of(refusal)
            return status, "invalidSyntax" if status == 400 else None, {}  # noqa: PLR2004
    return status_of(refusal), None, refusal_headers(refusal)


def _paths(kind: Kind, text: str) -> Iterable[str]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        if kind.extension(part):
            yield part.lower()
            continue
        try:
            path = read_path(part, invalid_value)
            place = place_of(kind, path)
        except ScimRefusal:
            yield part.lower()
            continue
        yield f"{place.extension}.{path.key}".lower() if place.extension else path.key
