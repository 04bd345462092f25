"""Testing a connection: somebody signs in at the provider, every check is shown, and nobody is signed in here."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath

from app.admin.frame import administrator, desk, sent_by
from app.admin.sign_on.checks import explained
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from auth.http.context import AnyRequest, GivenParts, session_secret, tenant_of
from auth.http.entering import REHEARSED, REHEARSED_FOR, REHEARSING
from auth.http.pages import redirect
from auth.sso.checks import SignInRefused


@post(f"{ADDRESS}/{{name:str}}/test", status_code=200)
async def begin_rehearsal(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """On to the provider, with a way back that signs nobody in."""
    principal, _ = await sent_by(parts, request, PERMISSION, frozenset())
    tenant = tenant_of(request)
    connection = await parts.connections.named(tenant, name)
    secret = session_secret(parts, request)
    handle = await parts.handles.keep(tenant, REHEARSING, {"connection": name}, seconds=REHEARSED_FOR, browser=secret)
    start = parts.modules[connection.kind].start(connection)
    there = f"{start}?{urlencode({'next': f'{ADDRESS}/{name}/test/{handle}'})}"
    # A page that goes on by itself: after a form browsers follow no redirect to an address that the form's page has not named.
    return await desk(parts, request, principal, "onward.html", connection=connection, there=there)


@get(f"{ADDRESS}/{{name:str}}/test")
async def show_rehearsal(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """Each check with what was expected and found, as far as it went; a page that is too old says so."""
    principal = await administrator(parts, request, PERMISSION)
    tenant = tenant_of(request)
    connection = await parts.connections.named(tenant, name)
    try:
        result = await parts.handles.look(tenant, REHEARSED, request.query_params.get("result"), session_secret(parts, request))
    except SignInRefused:
        return redirect(f"{ADDRESS}/{name}")
    checks = [explained(check) for check in result["checks"]]
    failed = next((number for number, check in enumerate(checks, 1) if not check.passed), None)
    return await desk(
        parts,
        request,
        principal,
        "rehearsal.html",
        connection=connection,
        checks=checks,
        failed=failed,
        at=datetime.now(UTC),
    )
