"""Signing in with the name and password that one has in the organization's directory: a form for people, JSON for programs."""

from __future__ import annotations

from typing import Any, cast

from litestar import Response, get, post
from litestar.params import FromPath

from auth.destinations import own_path
from auth.errors import InvalidCredentials, InvalidRequest
from auth.http.answers import json_answer
from auth.http.answers import refused as refused_to_program
from auth.http.authorize import leads_to
from auth.http.bodies import form_fields, json_fields
from auth.http.branding import branded
from auth.http.connected import connection_named
from auth.http.context import AnyRequest, GivenParts, address_of, correlation_of, device_of, header_of, tenant_of
from auth.http.entering import arrival_of, arrive, rehearses, turn_away
from auth.http.granting import second_factor
from auth.http.guards import bind_form, check_own_form
from auth.http.hints import hint_of
from auth.http.statuses import retry_headers, status_of
from auth.identities import ExternalIdentity
from auth.ldap.likeness import as_matched
from auth.ldap.module import LdapModule
from auth.limits import name_counted
from auth.native import LONGEST_LOGIN
from auth.parts import Parts
from auth.sessions import Via
from auth.sso.checks import Checks, SignInRefused, refused
from auth.sso.connections import Connection
from tenants.errors import Refusal
from tenants.sentences import as_sentence, sentence
from tenants.transaction import Cause

FORM = "directory"
_FORM_FIELDS = frozenset({"login", "password", "form", "next"})
_JSON_FIELDS = frozenset({"username", "email", "password", "totp"})


@get("/auth/ldap/{name:str}")
async def show_directory_form(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    connection = await connection_named(parts, request, name, "ldap")
    return await _page(parts, request, connection, wanted=own_path(request.query_params.get("next")), login=hint_of(request))


@post("/auth/ldap/{name:str}", status_code=200)
async def sign_in_by_directory(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[Any]:
    """Every way to fail looks the same to whoever tries; the check that failed is in the organization's audit log."""
    media = (header_of(request, b"content-type") or "").partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        return await _person(parts, request, await connection_named(parts, request, name, "ldap"))
    try:
        return await _program(parts, request, await connection_named(parts, request, name, "ldap"))
    except Refusal as refusal:
        return refused_to_program(request, refusal)


async def _person(parts: Parts, request: AnyRequest, connection: Connection) -> Response[str]:
    fields = {"login": "", "password": "", "next": "", "form": ""}
    checks, wanted = Checks(), own_path(None)
    try:
        fields |= await form_fields(request, _FORM_FIELDS)
        wanted = own_path(fields["next"])
        check_own_form(parts, request, FORM, fields["form"])
        rehearsal = await rehearses(parts, request, connection, wanted)
        identity = await _proven(parts, request, connection, fields["login"], fields["password"], checks, rehearsal=rehearsal)
        return await arrive(parts, request, connection, identity, checks, wanted)
    except SignInRefused as refusal:
        return await _refused(parts, request, connection, refusal, checks, fields["login"], wanted)
    except Refusal as refusal:
        return await _page(parts, request, connection, login=fields["login"], wanted=wanted, refusal=refusal)


async def _refused(
    parts: Parts, request: AnyRequest, connection: Connection, refusal: SignInRefused, checks: Checks, login: str, wanted: str
) -> Response[str]:
    """The form again, with the number; of a rehearsal, its result."""
    try:
        return await turn_away(parts, request, connection, refusal, checks, wanted)
    except SignInRefused:
        return await _page(parts, request, connection, login=login, wanted=wanted, refusal=InvalidCredentials(), trace=refusal.trace or "")


async def _program(parts: Parts, request: AnyRequest, connection: Connection) -> Response[bytes]:
    tenant = tenant_of(request)
    fields = await json_fields(request, _JSON_FIELDS)
    names = fields.keys() & {"email", "username"}
    if len(names) != 1 or "password" not in fields:
        raise InvalidRequest("Send either email or username, and password.", {"username": "or email has to be there, and password"})
    checks = Checks()
    try:
        identity = await _proven(parts, request, connection, fields[names.pop()], fields["password"], checks, rehearsal=False)
        account = await parts.gate.admit(tenant, connection, identity, arrival_of(parts, request))
    except SignInRefused as refusal:
        await parts.gate.refuse(tenant, connection, refusal, arrival_of(parts, request))
        raise InvalidCredentials from None
    amr = await second_factor(parts, request, account, identity.amr, fields.get("totp"), by_provider=True)
    cause = Cause(correlation_of(request), account.user_id)
    pair = await parts.flow.tokens(tenant, account, amr, device_of(parts, request), cause, Via(connection.id))
    return json_answer(pair.document())


async def _proven(
    parts: Parts, request: AnyRequest, connection: Connection, login: str, password: str, checks: Checks, *, rehearsal: bool
) -> ExternalIdentity:
    """Slowed down like every guesser of passwords. Raises SignInRefused, RateLimited, Busy, DirectoryAway."""
    tenant, address = tenant_of(request), address_of(parts, request) or "local"
    if not connection.enabled and not rehearsal:
        raise refused("connection_enabled", "a connection that is switched on", "one that is switched off")
    usable = bool(login.strip()) and len(login) <= LONGEST_LOGIN
    checks.require(
        "login_given",
        sentence("a name of 1 to {most} characters", most=LONGEST_LOGIN),
        sentence("{number} characters", number=len(login)),
        when=usable,
    )
    async with parts.limits.attempt(tenant, name_counted(f"{connection.name}\n{as_matched(login)}"), address, SignInRefused):
        return await cast("LdapModule", parts.modules["ldap"]).identity(connection, login.strip(), password, checks)


async def _page(
    parts: Parts,
    request: AnyRequest,
    connection: Connection,
    *,
    wanted: str,
    login: str = "",
    refusal: Refusal | None = None,
    trace: str = "",
) -> Response[str]:
    form, cookies = bind_form(parts, request, FORM)
    return await branded(
        parts,
        request,
        "directory.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        forms_to=await leads_to(parts, tenant_of(request), wanted),
        connection=connection,
        form=form,
        login=login,
        wanted=wanted,
        wrong=_sentence(refusal) if refusal else "",
        trace=trace,
    )


def _sentence(refusal: Refusal) -> str:
    return (
        as_sentence("That name and password do not match. Check both and try again.") if isinstance(refusal, InvalidCredentials) else refusal.message
    )
