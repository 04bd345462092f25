"""The last step of every way in for a browser: from a person who has proven who they are to their session."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response
from litestar.datastructures import Cookie

from auth.accounts import Account
from auth.destinations import own_path
from auth.factors.factors import Need
from auth.gate import Arrival
from auth.http.context import AnyRequest, address_of, correlation_of, device_of, device_secret, session_principal, session_secret, tenant_of
from auth.http.guards import form_cookie, session_cookies, setup_secret
from auth.http.pages import redirect
from auth.identities import ExternalIdentity
from auth.opaque import new_opaque
from auth.parts import Parts
from auth.remembered import Renewed
from auth.sessions import Via
from auth.sso.checks import Check, Checks, SignInRefused, refused
from auth.sso.connections import Connection
from tenants.errors import Refusal
from tenants.registry import Tenant
from tenants.sentences import sentence
from tenants.transaction import Cause

REHEARSAL = re.compile(r"(?P<page>/admin/(?:sign-on/[a-z0-9-]{1,40}|(?P<guest>set-up)/connection)/test)/(?P<handle>[A-Za-z0-9_-]{43})")
REHEARSING, REHEARSED = "rehearsal", "rehearsed"
REHEARSED_FOR = 900
MOST_GROUPS_SHOWN = 50
SECOND_FACTOR = "second_factor"
SECOND_FACTOR_WITHIN = 600


async def enter(parts: Parts, request: AnyRequest, account: Account, amr: tuple[str, ...], wanted: str, via: Via | None = None) -> Response[str]:
    """Somebody has proven who they are, by `amr` (RFC 8176): on to their second factor where there has to be one, else to their session."""
    tenant = tenant_of(request)
    decided = await parts.policies.of(tenant)
    need = await parts.factors.needed(account, amr, decided, tenant, by_provider=via is not None)
    if need is Need.NOTHING:
        return await come_in(parts, request, account.user_id, amr, wanted, via)
    if need is Need.PROVE and not decided.enforced and (renewed := await _recalled(parts, request, account.user_id, decided.remember_days)):
        return await come_in(parts, request, account.user_id, amr, wanted, via, besides=(device_cookie(parts, renewed),))
    browser, cookies = bound_browser(parts, request)
    payload = {
        "user": str(account.user_id),
        "amr": list(amr),
        "wanted": own_path(wanted),
        "need": need.value,
        "since": time.time(),
        "connection": str(via.connection_id) if via else None,
        "provider_session": via.provider_session if via else None,
    }
    handle = await parts.handles.keep(tenant, SECOND_FACTOR, payload, seconds=SECOND_FACTOR_WITHIN, browser=browser)
    return redirect(f"/auth/second-factor?{urlencode({'at': handle})}", cookies=cookies)


async def come_in(
    parts: Parts,
    request: AnyRequest,
    user_id: UUID,
    amr: tuple[str, ...],
    wanted: str,
    via: Via | None = None,
    more: Callable[[tuple[Cookie, ...]], Awaitable[Response[str]]] | None = None,
    besides: tuple[Cookie, ...] = (),
) -> Response[str]:
    """A new session, and on to where they wanted, or `more` with its cookies. Raises InvalidCredentials where they left meanwhile.

    `besides`: cookies that come along.
    """
    cause = Cause(correlation_of(request), user_id)
    brought = session_secret(parts, request)
    new = await parts.flow.browser(tenant_of(request), user_id, amr, device_of(parts, request), cause, brought=brought, via=via)
    cookies = (*session_cookies(parts, new.secret or ""), *besides)
    return await more(cookies) if more else redirect(own_path(wanted), cookies=cookies)


async def arrive(
    parts: Parts, request: AnyRequest, connection: Connection, identity: ExternalIdentity, checks: Checks, wanted: str, *, again: str | None = None
) -> Response[str]:
    """Somebody their provider vouches for comes in; or, on the way to a rehearsal's page, it is shown what would become of them.

    `again`: whom it has to be, as `begun_again` said. Raises SignInRefused, written down already.
    """
    if rehearsal := REHEARSAL.fullmatch(wanted):
        return await _rehearsed(parts, request, connection, checks, rehearsal, identity)
    account = await parts.gate.admit(tenant_of(request), connection, identity, arrival_of(parts, request))
    if again not in {None, str(account.user_id)}:
        another = refused("same_person", "the person who is signed in here", "somebody else")
        await parts.gate.refuse(tenant_of(request), connection, another, arrival_of(parts, request))
        raise another
    # A directory was given their password just now; other providers may know them from before, unless they were told to ask again.
    via = Via(connection.id, identity.provider_session, silent=again is None and connection.kind != "ldap")
    return await enter(parts, request, account, identity.amr or (connection.kind,), wanted, via)


async def turn_away(parts: Parts, request: AnyRequest, connection: Connection, refusal: SignInRefused, checks: Checks, wanted: str) -> Response[str]:
    """A module has refused: that is written down and raised again; of a rehearsal, it is the result."""
    if (rehearsal := REHEARSAL.fullmatch(wanted)) and refusal.trace is None:
        if refusal.check not in checks.done:
            checks.done.append(refusal.check)
        return await _rehearsed(parts, request, connection, checks, rehearsal, None, refusal)
    await parts.gate.refuse(tenant_of(request), connection, refusal, arrival_of(parts, request))
    raise refusal


async def rehearses(parts: Parts, request: AnyRequest, connection: Connection, wanted: str) -> bool:
    """Whether this is a test of the connection, which may be switched off still, in the browser of whoever began it.

    Raises SignInRefused, written down, where somebody only says so: else strangers could try what they like past the audit log.
    """
    rehearsal = REHEARSAL.fullmatch(wanted)
    if rehearsal is not None:
        await _begun(parts, request, connection, rehearsal, parts.handles.look, None)
    return rehearsal is not None


async def _begun(
    parts: Parts,
    request: AnyRequest,
    connection: Connection,
    rehearsal: re.Match[str],
    read: Callable[[Tenant, str, str | None, str | None], Awaitable[dict[str, Any]]],
    refusal: SignInRefused | None,
) -> str | None:
    """The browser in which the test began. Raises `refusal`, else what shows that there is no such test; written down."""
    tenant = tenant_of(request)
    browser = setup_secret(parts, request) if rehearsal["guest"] else session_secret(parts, request)
    try:
        tested = (await read(tenant, REHEARSING, rehearsal["handle"], browser))["connection"]
        Checks().require(
            "rehearsal_connection", "a sign-in through the connection that is tested", "one through another", when=tested == connection.name
        )
    except SignInRefused as none:
        await parts.gate.refuse(tenant, connection, refusal or none, arrival_of(parts, request))
        raise refusal or none from None
    return browser


async def _rehearsed(
    parts: Parts,
    request: AnyRequest,
    connection: Connection,
    checks: Checks,
    rehearsal: re.Match[str],
    identity: ExternalIdentity | None,
    refusal: SignInRefused | None = None,
) -> Response[str]:
    """The result waits under a handle for the page of whoever began it, in the browser in which they did. Raises as `_begun` elsewhere."""
    tenant = tenant_of(request)
    browser = await _begun(parts, request, connection, rehearsal, parts.handles.take, refusal)
    if identity is not None:
        await _would_arrive(parts, request, connection, identity, checks)
    if identity is not None and all(check.passed for check in checks.done):
        await parts.connections.tested(tenant, connection, Cause(correlation_of(request)))
    result = {"connection": connection.name, "checks": [check.document() for check in checks.done], "said": _said(identity) if identity else None}
    kept = await parts.handles.keep(tenant, REHEARSED, result, seconds=REHEARSED_FOR, browser=browser)
    return redirect(f"{rehearsal['page']}?result={kept}")


def _said(identity: ExternalIdentity) -> dict[str, Any]:
    """What the provider says of whoever has tested, for their own eyes."""
    return {
        "id": identity.subject,
        "email": identity.email,
        "name": identity.name,
        "username": identity.username,
        "groups": list(identity.groups[:MOST_GROUPS_SHOWN]),
        "more": max(0, len(identity.groups) - MOST_GROUPS_SHOWN),
    }


async def _would_arrive(parts: Parts, request: AnyRequest, connection: Connection, identity: ExternalIdentity, checks: Checks) -> None:
    try:
        account = await parts.gate.rehearse(tenant_of(request), connection, identity)
    except SignInRefused as refusal:
        checks.done.append(refusal.check)
    except Refusal as refusal:
        checks.done.append(Check("account", "an account that they may have here", refusal.message))
    else:
        checks.done.append(Check("account", "an account that they may have here", sentence("comes in as {role}", role=account.role), passed=True))


async def begun_again(parts: Parts, request: AnyRequest) -> str | None:
    """Whose id it is, where somebody who is signed in goes to their provider to prove again who they are."""
    principal = await session_principal(parts, request) if "again" in request.query_params else None
    return str(principal.user_id) if principal else None


async def _recalled(parts: Parts, request: AnyRequest, user_id: UUID, days: int) -> Renewed | None:
    """Where this device was remembered when they gave their second factor on it."""
    agent, cause = device_of(parts, request).user_agent, Cause(correlation_of(request), user_id)
    return await parts.remembered.recall(tenant_of(request), user_id, device_secret(parts, request), days, agent, cause)


def device_cookie(parts: Parts, renewed: Renewed) -> Cookie:
    return parts.cookies.set(parts.cookies.device, renewed.secret, max_age=renewed.seconds)


def arrival_of(parts: Parts, request: AnyRequest) -> Arrival:
    return Arrival(correlation_of(request), address_of(parts, request))


def browser_of(parts: Parts, request: AnyRequest) -> str | None:
    """What tells this browser from all others while nobody is signed in: the value that `bound_browser` has given it."""
    return form_cookie(parts, request)


def bound_browser(parts: Parts, request: AnyRequest) -> tuple[str, tuple[Cookie, ...]]:
    """What a sign-in that begins here is bound to, and the cookie for it where the browser has none yet."""
    brought = form_cookie(parts, request)
    if brought:
        return brought, ()
    fresh = new_opaque()
    return fresh, (parts.cookies.set(parts.cookies.form, fresh),)
