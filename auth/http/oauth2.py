"""Signing in at an OAuth 2 provider that speaks no OpenID Connect."""

from __future__ import annotations

from typing import cast

from litestar import Response, get
from litestar.params import FromPath

from auth.destinations import own_path
from auth.http.connected import connection_named
from auth.http.context import AnyRequest, GivenParts, tenant_of
from auth.http.entering import arrive, begun_again, bound_browser, browser_of, rehearses, turn_away
from auth.http.pages import redirect
from auth.http.provider_answers import GOOD_FOR, answer_of
from auth.oauth2.module import OAuth2Module
from auth.opaque import new_opaque
from auth.parts import Parts
from auth.sso.checks import AS_EXPECTED, Checks, SignInRefused, refused

STATE = "oauth2"


@get("/auth/oauth2/{name:str}/login")
async def begin_at_oauth2(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """On to the provider, with what it has to bring back remembered for this browser."""
    tenant = tenant_of(request)
    connection = await connection_named(parts, request, name, "oauth2")
    wanted = own_path(request.query_params.get("next"))
    if not await rehearses(parts, request, connection, wanted) and not connection.enabled:
        off = refused("connection_enabled", "a connection that is switched on", "one that is switched off")
        return await turn_away(parts, request, connection, off, Checks(), wanted)
    verifier = new_opaque() + new_opaque()
    browser, cookies = bound_browser(parts, request)
    payload = {"connection": str(connection.id), "verifier": verifier, "wanted": wanted, "again": await begun_again(parts, request)}
    state = await parts.handles.keep(tenant, STATE, payload, seconds=GOOD_FOR, browser=browser)
    return redirect(_module(parts).client(tenant, connection).address(verifier, state), cookies=cookies)


@get("/auth/oauth2/{name:str}/callback")
async def return_from_oauth2(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    tenant = tenant_of(request)
    connection = await connection_named(parts, request, name, "oauth2")
    wanted, checks = "", Checks()
    try:
        answer = answer_of(request)
        kept = await parts.handles.take(tenant, STATE, answer.get("state"), browser_of(parts, request))
        wanted = str(kept["wanted"])
        checks.require("state", "a sign-in that this browser began", AS_EXPECTED, when=True)
        same = kept["connection"] == str(connection.id)
        checks.require("state_connection", "the connection at which it began", AS_EXPECTED if same else "another one", when=same)
        identity = await _module(parts).client(tenant, connection).identity(answer, str(kept["verifier"]), checks)
    except SignInRefused as refusal:
        return await turn_away(parts, request, connection, refusal, checks, wanted)
    return await arrive(parts, request, connection, identity, checks, wanted, again=kept.get("again"))


def _module(parts: Parts) -> OAuth2Module:
    return cast("OAuth2Module", parts.modules["oauth2"])
