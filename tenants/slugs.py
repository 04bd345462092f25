"""Slugs: the part of an organization's address that people choose."""

from __future__ import annotations

import re
from typing import NewType

from tenants.errors import ValidationFailed
from tenants.sentences import as_sentence, sentence

TenantSlug = NewType("TenantSlug", str)

SHORTEST = 2
LONGEST = 40
_SHAPE = re.compile(rf"[a-z](?:[a-z0-9-]{{0,{LONGEST - 2}}}[a-z0-9])")

RESERVED = frozenset(
    {
        "about", "abuse", "account", "accounts", "admin", "administrator", "api", "app", "assets", "auth", "autoconfig", "autodiscover", "billing",
        "blog", "cdn", "contact", "control", "dashboard", "dev", "docs", "email", "ftp", "git", "graphql", "health", "help", "host", "hostmaster",
        "id", "imap", "imprint", "info", "internal", "legal", "localhost", "login", "logout", "mail", "metrics", "mta-sts", "mx", "news", "ns",
        "ns1", "ns2", "oauth", "operator", "operators", "ops", "pop", "pop3", "postmaster", "privacy", "public", "register", "root", "saml", "scim",
        "security", "server", "shop", "signin", "signup", "smtp", "ssl", "sso", "staff", "static", "status", "store", "support", "system", "tenant",
        "tenants", "terms", "test", "tls", "webmail", "webmaster", "well-known", "wpad", "ws", "www",
    }
)  # fmt: skip


def tenant_slug(text: str) -> TenantSlug:
    """The slug, if it may become a DNS label (RFC 1123, 2.1). Raises ValidationFailed with the reason."""
    wrong = _objection(text)
    if wrong:
        raise ValidationFailed({"slug": wrong})
    return TenantSlug(text)


def _objection(text: str) -> str | None:
    if not SHORTEST <= len(text) <= LONGEST:
        return sentence("takes {least} to {most} characters, this has {given}", least=SHORTEST, most=LONGEST, given=len(text))
    if not _SHAPE.fullmatch(text):
        return as_sentence("takes lower-case letters a-z, digits and hyphens, starts with a letter and ends with a letter or digit")
    if "--" in text:
        return as_sentence("takes no two hyphens in a row: such labels are kept for internationalized names")
    if text in RESERVED:
        return sentence("{slug} is reserved; choose another", slug=repr(text))
    return None
