from __future__ import annotations

import string
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from app.edge import moved

ADDRESS = "https://new.imprint.example:8443"
PRINTABLE = set(string.ascii_letters + string.digits + string.punctuation)


async def location(raw_path: bytes | None, query: bytes, path: str = "/") -> str:
    """Where the redirect of a request with this path and query leads."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "path": path, "query_string": query} | ({} if raw_path is None else {"raw_path": raw_path})
    await moved.redirect(scope, send, ADDRESS)
    assert sent[0]["status"] == 308
    return dict(sent[0]["headers"])[b"location"].decode("ascii")  # type: ignore[no-any-return] # of a message of any kind


@given(st.binary(), st.binary())
async def test_wherever_a_redirect_leads_it_is_the_new_address(raw_path: bytes, query: bytes) -> None:
    there = await location(raw_path, query)

    assert set(there) <= PRINTABLE
    assert there.startswith(f"{ADDRESS}/")
    assert (urlsplit(there).scheme, urlsplit(there).netloc) == tuple(ADDRESS.split("://"))
    assert "#" not in there


@given(st.binary())
async def test_the_query_means_what_it_meant(query: bytes) -> None:
    there = await location(b"/some/path", query)

    assert unquote_to_bytes(urlsplit(there).query) == unquote_to_bytes(query)


async def test_a_path_is_kept_as_it_was_sent_and_escaped_where_the_server_does_not_tell() -> None:
    assert await location(b"/a%2Fb/c%20d", b"e=%26&f") == f"{ADDRESS}/a%2Fb/c%20d?e=%26&f"
    assert await location(None, b"", "/caf\xe9/100%") == f"{ADDRESS}/caf%C3%A9/100%25"


def test_what_others_have_written_down_stays() -> None:
    for path in (
        "/auth/saml/idp/acs",
        "/auth/oidc/idp/callback",
        "/auth/oauth2/idp/callback",
        "/auth/ldap/idp",
        "/scim/v2/Users",
        "/.well-known/jwks.json",
    ):
        assert moved.stays(path)
    for path in ("/", "/graphql", "/auth/login", "/auth/token", "/auth/refresh", "/auth/samlet", "/admin", "/scimitar"):
        assert not moved.stays(path)
