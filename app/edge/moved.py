"""What a host still answers after its organization was given another address."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast
from urllib.parse import quote

from litestar.types import HTTPScope, Scope, Send

# Identity providers and those who check tokens have these written down with the old address, and do not follow redirects.
_STAYS = ("/auth/saml/", "/auth/oidc/", "/auth/oauth2/", "/auth/ldap/", "/scim/", "/.well-known/")
# RFC 3986, 3.3 and 3.4: whatever may stand in a path or query as it is, and the percent sign of what is escaped already.
_AS_IT_IS = "/?:@!$&'()*+,;=%-._~"


def stays(path: str) -> bool:
    """Whether this path is served at the old address too."""
    return path.startswith(_STAYS)


async def redirect(scope: Scope, send: Send, address: str) -> None:
    """308 to the same path and query at `address` (RFC 9110, 15.4.9); kept by no cache, since a slug may come back."""
    http = cast("HTTPScope", scope)
    location = (address + _path(http)).encode("ascii")
    headers = [(b"location", location), (b"cache-control", b"no-store"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": int(HTTPStatus.PERMANENT_REDIRECT), "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _path(scope: HTTPScope) -> str:
    """As it was sent, where the server tells; always from a slash on, so that nothing of it can become part of the host."""
    path = quote((scope.get("raw_path") or b"").partition(b"?")[0], safe=_AS_IT_IS) or quote(scope["path"], safe="/:@!$&'()*+,;=-._~")
    query = quote(scope["query_string"], safe=_AS_IT_IS)
    return ("" if path.startswith("/") else "/") + path + (f"?{query}" if query else "")
