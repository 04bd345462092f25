"""E-mail addresses as people type them."""

from __future__ import annotations

import re

from app.shared.text import cleaned, objection

LONGEST = 254
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_DOMAIN}")  # RFC 5321, 4.1.2: Dot-string and Domain


def email_of(text: str) -> str | None:
    """The address, lower case (addresses that differ in case only are one person's), or None where it is none."""
    address = cleaned(text).lower()
    if len(address) > LONGEST or not _EMAIL.fullmatch(address) or objection(address, longest=LONGEST):
        return None
    return address
