"""Signing in at an OpenID provider, and hearing from it that somebody has signed out there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from auth.destinations import own_path
from auth.http.bodies import form_fields
from auth.http.connected import connection_named
from auth.http.context import AnyRequest, GivenParts, tenant_of
from auth.http.entering import arrival_of, arrive, begun_again, bound_browser, browser_of, rehearses, turn_away
from auth.http.hints import hint_of
from auth.http.pages import redirect
from auth.http.provider_answers import GOOD_FOR, answer_of
from auth.identities import ExternalIdentity
from auth.oidc.id_tokens import good_until
from auth.oidc.module import OidcModule
from auth.oidc.relying_party import Begun
from auth.parts import Parts
from auth.sso.checks import AS_EXPECTED, Checks, SignInRefused, refused
from auth.sso.connections import Connection
from auth.sso.handles import Steps
from auth.sso.linking import person_of
from tenants.transaction import Transaction

STATE, LOGOUT = "oidc", "oidc_logout"
_LOGOUT_FIELDS = frozenset({"logout_token"})
LONGEST_TOKEN = 64 * 1024


@get("/auth/oidc/{name:str}/login")
async def begin_at_provider(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """On to the provider, with what it has to bring back remembered for this browser."""
    tenant = tenant_of(request)
    connection = await connection_named(parts, request, name, "oidc")
    wanted = own_path(request.query_params.get("next"))
    again = await begun_again(parts, request)
    begun, checks = Begun.new(anew=again is not None), Checks()
    browser, cookies = bound_browser(parts, request)
    payload = {"connection": str(connection.id), "nonce": begun.nonce, "verifier": begun.verifier, "wanted": wanted, "again": again}
    try:
        if not await rehearses(parts, request, connection, wanted) and not connection.enabled:
            raise refused("connection_enabled", "a connection that is switched on", "one that is switched off")
        state = await parts.handles.keep(tenant, STATE, payload, seconds=GOOD_FOR, browser=browser)
        there = await _module(parts).relying_party(tenant, connection).address(begun, state, hint_of(request))
    except SignInRefused as refusal:
        return await turn_away(parts, request, connection, refusal, checks, wanted)
    return redirect(there, cookies=cookies)


@get("/auth/oidc/{name:str}/callback")
async def return_from_provider(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    tenant = tenant_of(request)
    connection = await connection_named(parts, request, name, "oidc")
    wanted, checks = "", Checks()
    try:
        answer = answer_of(request)
        kept = await parts.handles.take(tenant, STATE, answer.get("state"), browser_of(parts, request))
        wanted = str(kept["wanted"])
        checks.require("state", "a sign-in that this browser began", AS_EXPECTED, when=True)
        same = kept["connection"] == str(connection.id)
        checks.require("state_connection", "the connection at which it began", AS_EXPECTED if same else "another one", when=same)
        party = _module(parts).relying_party(tenant, connection)
        identity = await party.identity(answer, Begun(kept["nonce"], kept["verifier"], kept.get("again") is not None), checks)
    except SignInRefused as refusal:
        return await turn_away(parts, request, connection, refusal, checks, wanted)
    return await arrive(parts, request, connection, identity, checks, wanted, again=kept.get("again"))


@post("/auth/oidc/{name:str}/backchannel", status_code=200)
async def hear_of_logout(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """The provider tells that a session of its has ended (Back-Channel Logout 1.0): so do those that were opened by it.

    Where it names the person alone, all that they have opened through it. Each token once: replayed, it would end what was opened later.
    """
    tenant = tenant_of(request)
    connection = await connection_named(parts, request, name, "oidc")
    checks = Checks()

    async def steps(these: Steps) -> list[UUID]:
        once = await these.first_time(LOGOUT, f"{connection.id}\n{claims['jti']}", good_until(claims))
        checks.require("logout_once", "a token that comes for the first time", AS_EXPECTED if once else "one that came before", when=once)
        return await _ended(parts, these.change, connection, claims)

    fields = await form_fields(request, _LOGOUT_FIELDS, largest=LONGEST_TOKEN, longest=LONGEST_TOKEN)
    try:
        claims = await _module(parts).relying_party(tenant, connection).claims_of_logout(fields.get("logout_token", ""), checks)
        ended = await parts.handles.together(tenant, steps)
    except SignInRefused as refusal:
        await parts.gate.refuse(tenant, connection, refusal, arrival_of(parts, request))
        return Response("", status_code=400, headers={"Cache-Control": "no-store"})
    for id in ended:
        parts.rights.forget(tenant, id)
    return Response("", status_code=200, headers={"Cache-Control": "no-store"})


async def _ended(parts: Parts, change: Transaction, connection: Connection, claims: Mapping[str, Any]) -> list[UUID]:
    """Together with the note that the token came: where they cannot be ended now, it can come again."""
    if claims.get("sid"):
        return await parts.sessions.revoke_at_provider_in(change, connection.id, claims["sid"])
    known = await person_of(change, ExternalIdentity(connection.id, claims["sub"]))
    return await parts.sessions.revoke_through_in(change, connection.id, known) if known else []


def _module(parts: Parts) -> OidcModule:
    return cast("OidcModule", parts.modules["oidc"])
