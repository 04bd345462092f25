"""In which language somebody is answered: theirs where it is known, else what they chose, what their browser asks for, their organization's."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from litestar.datastructures import Cookie

from auth.cookies import read_cookie
from auth.http.context import AnyRequest, check_network, header_of, session_principal
from auth.languages import ENGLISH, OFFERED, accepted, listed, offered
from auth.parts import Parts
from auth.policies import Decided
from tenants.registry import Tenant

ASKED = "ui_locales"
# What providers ask for themselves, from wherever they are.
_OF_PROVIDERS = re.compile(r"/auth/(?:saml/[^/]+/metadata|oidc/[^/]+/backchannel)")
KEPT = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Spoken:
    """`settled`: the person said so in their preferences, so that pages offer no choice. `cookie` keeps what was chosen just now."""

    language: str
    settled: bool = False
    cookie: Cookie | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A language that a page offers. `href` None: it is the page's own."""

    code: str
    name: str
    href: str | None


def listening(parts: Parts) -> Callable[[AnyRequest], Awaitable[None]]:
    """What routers of pages call before a handler runs; pages and refusals then read what it left.

    Whoever is outside of the organization's networks sees no page but the one that says so.
    """

    async def listen(request: AnyRequest) -> None:
        request.scope["state"]["spoken"] = await _spoken(parts, request)
        tenant: Tenant | None = request.scope["state"].get("tenant")
        if tenant is None:
            return
        request.scope["state"]["organization"] = await parts.policies.of(tenant)
        if not _OF_PROVIDERS.fullmatch(request.url.path):
            await check_network(parts, request)

    return listen


def language_of(request: AnyRequest) -> str:
    """The language to answer in; before any router was asked, what the browser says."""
    spoken = _heard(request)
    return spoken.language if spoken else _asked(request) or accepted(header_of(request, b"accept-language")) or ENGLISH


def choices(request: AnyRequest) -> tuple[Choice, ...]:
    """The other languages of this page, where there is something to choose and the page can be asked for again."""
    spoken = _heard(request)
    if spoken is None or spoken.settled or request.method != "GET":
        return ()
    others = [(name, value) for name, value in request.query_params.multi_items() if name != ASKED]
    path = request.url.path
    return tuple(
        Choice(code, name, None if code == spoken.language else f"{path}?{urlencode([*others, (ASKED, code)])}") for code, name in OFFERED.items()
    )


def chosen(request: AnyRequest) -> tuple[Cookie, ...]:
    spoken = _heard(request)
    return (spoken.cookie,) if spoken and spoken.cookie else ()


def organization_of(request: AnyRequest) -> Decided | None:
    """Whose page this is; None where none was heard."""
    found = request.scope["state"].get("organization")
    return found if isinstance(found, Decided) else None


async def _spoken(parts: Parts, request: AnyRequest) -> Spoken:
    tenant: Tenant | None = request.scope["state"].get("tenant")
    principal = await session_principal(parts, request) if tenant else None
    own = offered(principal.language) if principal else None
    if own:
        return Spoken(own, settled=True)
    asked, name = _asked(request), parts.cookies.language
    if asked:
        return Spoken(asked, cookie=parts.cookies.set(name, asked, max_age=KEPT))
    kept = offered(read_cookie(header_of(request, b"cookie") or "", name))
    found = kept or accepted(header_of(request, b"accept-language"))
    if found is None and tenant:
        found = offered((await parts.policies.of(tenant)).language)
    return Spoken(found or ENGLISH)


def _asked(request: AnyRequest) -> str | None:
    """By this address, or by that of the client that sent the person here to sign in."""
    query = request.query_params
    wanted = query.get("next") or ""
    return listed(query.get(ASKED)) or (listed(parse_qs(wanted.partition("?")[2]).get(ASKED, [""])[0]) if ASKED in wanted else None)


def _heard(request: AnyRequest) -> Spoken | None:
    spoken = request.scope["state"].get("spoken")
    return spoken if isinstance(spoken, Spoken) else None
