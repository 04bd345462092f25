"""Telling our own forms from those of other sites: a token bound to the browser, and what the browser says of itself."""

from __future__ import annotations

import base64
import hashlib
import hmac

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})


def form_token(key: bytes, purpose: str, bound_to: str) -> str:
    """An HMAC (RFC 2104) under the organization's key over what a form is for and whose browser it was made for."""
    derived = hmac.digest(key, b"imprint-form", hashlib.sha256)
    mac = hmac.digest(derived, f"{purpose}\0{bound_to}".encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def matches(key: bytes, purpose: str, bound_to: str, given: str | None) -> bool:
    """Whether the token is the one of this form in this browser; takes the same time for every wrong one."""
    if not given or not bound_to:
        return False
    return hmac.compare_digest(form_token(key, purpose, bound_to).encode(), given.encode("utf-8", "surrogatepass"))


def from_own_site(own: str, origin: str | None, fetch_site: str | None) -> bool:
    """Whether the browser says that the request comes from our own page.

    `own`: scheme://host:port of the address. `origin`, `fetch_site`: the headers Origin and Sec-Fetch-Site as sent. A
    sibling subdomain ("same-site") is another site here. Clients that send neither have to know the form's token anyway.
    """
    if fetch_site is not None and fetch_site not in _OWN_SITE:
        return False
    return origin is None or origin == own
