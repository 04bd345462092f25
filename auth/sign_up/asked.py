"""What somebody says of the organization that they want. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from tenants.errors import ValidationFailed
from tenants.sentences import as_sentence, sentence
from tenants.slugs import TenantSlug, tenant_slug

LONGEST_NAME = 120
LONGEST_EMAIL = 254
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_DOMAIN}")  # RFC 5321, 4.1.2: Dot-string and Domain


@dataclass(frozen=True, slots=True)
class Asked:
    name: str
    slug: TenantSlug
    email: str

    @classmethod
    def read(cls, name: str, slug: str, email: str) -> Self:
        """Raises ValidationFailed naming all that is wrong."""
        wrong: dict[str, str] = {}
        plain = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
        if not 1 <= len(plain) <= LONGEST_NAME:
            wrong["name"] = sentence("takes {least} to {most} characters, this has {given}", least=1, most=LONGEST_NAME, given=len(plain))
        try:
            label = tenant_slug(slug.strip().lower())
        except ValidationFailed as refusal:
            wrong |= refusal.fields
        address = email.strip().lower()
        if len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address):
            wrong["email"] = as_sentence("has to be one like ada@example.com")
        if wrong:
            raise ValidationFailed(wrong)
        return cls(plain, label, address)
