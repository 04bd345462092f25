"""Names, addresses, roles and permissions of people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from app.shared.addresses import email_of
from app.shared.slugs import slug_from
from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_NAME = 120
LONGEST_ROLE_NAME = 40
_ROLE_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
EMAIL_PURPOSE = "email"  # names the blind index and the encrypted field

PERMISSIONS = frozenset(
    {
        "content.read_drafts",
        "content.create",
        "content.edit_any",
        "content.submit",
        "content.approve",
        "content.publish",
        "content.delete",
        "comments.moderate",
        "taxonomy.manage",
        "users.invite",
        "users.manage",
        "organization.configure",
        "sso.configure",
        "audit.read",
        "webhooks.manage",
    }
)
_WRITING = frozenset({"content.create", "content.submit"})
_EDITING = _WRITING | {"content.read_drafts", "content.edit_any", "content.approve"}
_RUNNING = _EDITING | {"content.publish", "content.delete", "comments.moderate", "taxonomy.manage"}

OWNER = "owner"
READER = "reader"
DEFAULT_ROLES = MappingProxyType(
    {
        OWNER: PERMISSIONS,
        "admin": PERMISSIONS,
        "content_manager": _RUNNING,
        "editor": _EDITING | {"content.publish"},
        "author": _WRITING,
        "moderator": frozenset({"comments.moderate"}),
        READER: frozenset[str](),
    }
)


def email_address(text: str) -> str:
    """An address, lower case (addresses that differ in case only are one person's). Raises ValidationFailed."""
    address = email_of(text)
    if address is None:
        raise ValidationFailed({"email": "takes an address like ada@example.org"})
    return address


def person_name(text: str) -> str:
    """Raises ValidationFailed."""
    name = " ".join(cleaned(text).split())
    wrong = objection(name, longest=LONGEST_NAME, shortest=1)
    if wrong:
        raise ValidationFailed({"name": wrong})
    return name


def username_from(email: str) -> str:
    """The part before the @, as a slug; numbered by the store where it is taken."""
    return slug_from(email.partition("@")[0], fallback="person")


def role_name(text: str) -> str:
    """What a role is called in tokens, filters and the API. Raises ValidationFailed."""
    name = cleaned(text)
    if len(name) > LONGEST_ROLE_NAME or not _ROLE_NAME.fullmatch(name):
        raise ValidationFailed({"name": f"takes up to {LONGEST_ROLE_NAME} lower-case letters a-z and digits, words joined by _, like guest_author"})
    return name


def known_permissions(names: Iterable[str]) -> frozenset[str]:
    """Raises ValidationFailed naming each that there is not."""
    given = list(names)
    wrong = {f"permissions.{position}": "is no permission of this product" for position, name in enumerate(given) if name not in PERMISSIONS}
    if wrong:
        raise ValidationFailed(wrong)
    return frozenset(given)
