"""Somebody as a provider knows them: what it has said, over what stands in their row here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.scim.answers import Resource, moment
from app.scim.documents import Document
from app.scim.errors import invalid_value
from app.scim.schemas import ENTERPRISE, USER
from app.users.values import EMAIL_PURPOSE, LONGEST_NAME
from auth.scim.records import opened
from auth.sso.domains import domain_of

if TYPE_CHECKING:
    from tenants.database import Row
    from tenants.secrets import TenantKey

# What stands in the person's own row; the rest of what a provider says is kept as it was said.
_OURS = frozenset({"active", "emails"})


@dataclass(frozen=True, slots=True)
class Person:
    user_id: UUID
    name: str
    active: bool
    email: str
    said: Mapping[str, Any]
    person_key: bytes
    user_version: int
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def tag(self) -> str:
        return f'W/"{self.user_version}-{self.version}"'

    def document(self) -> Document:
        """What a client may change of them."""
        document = {**self.said, "active": self.active, "emails": [{"value": self.email, "type": "work", "primary": True}]}
        return {**document, "displayName": self.name} if "displayName" in self.said else document

    def resource(self, base: str, groups: Sequence[Mapping[str, Any]]) -> Resource:
        location = f"{base}/Users/{self.user_id}"
        shown = {"schemas": [USER, *([ENTERPRISE] if ENTERPRISE in self.said else [])], "id": str(self.user_id), **self.document()}
        shown["displayName"] = self.name
        if groups:
            shown["groups"] = [
                {"value": str(row["id"]), "$ref": f"{base}/Groups/{row['id']}", "display": row["display_name"], "type": "direct"} for row in groups
            ]
        shown["meta"] = {
            "resourceType": "User",
            "created": moment(self.created_at),
            "lastModified": moment(self.updated_at),
            "location": location,
            "version": self.tag,
        }
        return Resource(shown, self.tag)


def person_of(row: Row, key: TenantKey) -> Person:
    user_id, person_key = row["id"], row["person_key"]
    return Person(
        user_id,
        row["name"],
        row["status"] == "active",
        key.open_personal(user_id, person_key, EMAIL_PURPOSE, row["email"]),
        opened(key, user_id, person_key, row["sealed"]),
        person_key,
        row["user_version"],
        row["version"],
        row["created_at"],
        row["updated_at"],
    )


def said_of(document: Mapping[str, Any]) -> Document:
    """What of a document is kept as the provider said it."""
    return {name: value for name, value in document.items() if name not in _OURS}


def name_of(document: Mapping[str, Any]) -> str:
    """What others see: displayName, else the name in its parts, else the userName."""
    name = document.get("name", {})
    parts = " ".join(part for part in (name.get("givenName"), name.get("familyName")) if part)
    found: str = document.get("displayName") or name.get("formatted") or parts or document["userName"]
    return found[:LONGEST_NAME]


def address_of(document: Mapping[str, Any]) -> str | None:
    """The primary address, else the first; else a userName that is one."""
    emails = [one for one in document.get("emails", []) if one.get("value")]
    if emails:
        found: str = next((one for one in emails if one.get("primary")), emails[0])["value"]
        return found
    user_name: str = document["userName"]
    return user_name if "@" in user_name else None


def proven(address: str | None, domains: frozenset[str]) -> str:
    """Raises ScimRefusal (invalidValue) where the address is not of a domain that the organization has proven to be its own."""
    if address is None:
        raise invalid_value("emails has to hold an address, or userName has to be one.")
    if domain_of(address) not in domains:
        known = ", ".join(sorted(domains)) or "none is yet"
        raise invalid_value(f"The address has to be of a domain that the organization has proven to be its own ({known}): prove it in the console.")
    return address
