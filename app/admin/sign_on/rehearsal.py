"""Testing a connection: somebody signs in at the provider, every check is shown, and nobody is signed in here."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath

from app.admin.frame import Guest, administrator, desk, sent_by
from app.admin.sign_on.checks import explained
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from auth.http.context import AnyRequest, GivenParts, session_secret, tenant_of
from auth.http.entering import REHEARSED, REHEARSED_FOR, REHEARSING
from auth.http.pages import redirect
from auth.parts import Parts
from auth.principal import Principal
from auth.sso.checks import Check, SignInRefused
from auth.sso.connections import Connection


@post(f"{ADDRESS}/{{name:str}}/test", status_code=200)
async def begin_rehearsal(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    principal, _ = await sent_by(parts, request, PERMISSION, frozenset())
    connection = await parts.connections.named(tenant_of(request), name)
    return await begin(parts, request, principal, connection, f"{ADDRESS}/{name}", session_secret(parts, request))


@get(f"{ADDRESS}/{{name:str}}/test")
async def show_rehearsal(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    principal = await administrator(parts, request, PERMISSION)
    connection = await parts.connections.named(tenant_of(request), name)
    return await result_page(parts, request, principal, connection, f"{ADDRESS}/{name}", session_secret(parts, request))


async def begin(parts: Parts, request: AnyRequest, who: Principal | Guest, connection: Connection, here: str, browser: str | None) -> Response[str]:
    """On to the provider, with a way back to below `here` that signs nobody in; `browser`: the cookie that has to come along then."""
    handle = await parts.handles.keep(tenant_of(request), REHEARSING, {"connection": connection.name}, seconds=REHEARSED_FOR, browser=browser)
    there = f"{parts.modules[connection.kind].start(connection)}?{urlencode({'next': f'{here}/test/{handle}'})}"
    # A page that goes on by itself: after a form browsers follow no redirect to an address that the form's page has not named.
    return await desk(parts, request, who, "onward.html", connection=connection, there=there)


async def result_page(
    parts: Parts, request: AnyRequest, who: Principal | Guest, connection: Connection, here: str, browser: str | None
) -> Response[str]:
    """Each check with what was expected and found, as far as it went; a page that is too old leads back."""
    try:
        result = await parts.handles.look(tenant_of(request), REHEARSED, request.query_params.get("result"), browser)
    except SignInRefused:
        return redirect(here)
    checks = [explained(Check.of(check), guest=isinstance(who, Guest)) for check in result["checks"]]
    failed = next((number for number, check in enumerate(checks, 1) if not check.passed), None)
    return await desk(
        parts,
        request,
        who,
        "rehearsal.html",
        connection=connection,
        there=here,
        switches=not isinstance(who, Guest) or who.link.may_switch_on,
        checks=checks,
        said=result["said"],
        failed=failed,
        at=datetime.now(UTC),
    )
