"""One request to the console and its answer, as far as the console looks at either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from auth.cookies import read_cookie


@dataclass(frozen=True, slots=True)
class Asked:
    """`path` without its query; `headers` by small letters; `address`: of the client, as far as trusted proxies tell."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = "local"

    def cookie(self, name: str) -> str | None:
        return read_cookie(self.headers.get("cookie", ""), name)


@dataclass(frozen=True, slots=True)
class Answered:
    body: bytes
    status: int = HTTPStatus.OK
    headers: tuple[tuple[str, str], ...] = ()


def see_other(path: str, *cookies: str) -> Answered:
    """Go on with GET (RFC 9110, 15.4.4)."""
    return Answered(b"", HTTPStatus.SEE_OTHER, (("Location", path), ("Cache-Control", "no-store"), *(("Set-Cookie", cookie) for cookie in cookies)))
