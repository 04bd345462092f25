"""Set-up links of the organization: made for whoever runs the identity provider, listed with their state, revoked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post

from app.admin.frame import GUESTS, administrator, desk, sent_by
from app.admin.sign_on.kinds import KINDS, kind_of
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.parts import Parts
from auth.principal import Principal
from auth.sso.connections import Connection
from auth.sso.setup_links import DAYS, MOST_DAYS, SetupLink
from tenants.errors import NotFound, Refusal, ValidationFailed
from tenants.sentences import as_sentence, sentence
from tenants.transaction import Cause

LINKS = f"{ADDRESS}/links"
_STATES = {
    "waiting": as_sentence("Waiting"),
    "opened": as_sentence("Opened"),
    "finished": as_sentence("Finished"),
    "revoked": as_sentence("Revoked"),
    "expired": as_sentence("Expired"),
}
_ANY, _KIND, _CONNECTION = "", "kind:", "connection:"


@get(LINKS)
async def show_links(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _page(parts, request, await administrator(parts, request, PERMISSION, elevated=True))


@post(LINKS, status_code=200)
async def change_links(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Make a link, which is on the page that answers and nowhere afterwards, or revoke one: `do` says which."""
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset({"do", "what", "days", "may_switch_on", "link"}))
    tenant, cause = tenant_of(request), Cause(correlation_of(request), principal.user_id)
    if fields.get("do") == "revoke":
        await parts.setup_links.revoke(tenant, _id(fields.get("link", "")), cause)
        return redirect(LINKS)
    try:
        kind, connection = await _wanted(parts, request, fields.get("what", ""))
        assert principal.user_id is not None  # noqa: S101 - sessions are people's
        token = await parts.setup_links.make(
            tenant,
            principal.user_id,
            kind,
            connection,
            cause,
            days=_days(fields.get("days", "")),
            may_switch_on=fields.get("may_switch_on") == "yes",
        )
    except Refusal as refusal:
        return await _page(parts, request, principal, typed=fields, refusal=refusal)
    return await _page(parts, request, principal, made=f"{parts.addresses.of(tenant)}{GUESTS}?token={token}")


async def _wanted(parts: Parts, request: AnyRequest, what: str) -> tuple[str | None, Connection | None]:
    """The kind of provider, and the connection that is there already. Raises ValidationFailed, NotFound."""
    if what == _ANY:
        return None, None
    if what.startswith(_CONNECTION):
        connection = await parts.connections.named(tenant_of(request), what.removeprefix(_CONNECTION))
        return kind_of(connection).key, connection
    kind = KINDS.get(what.removeprefix(_KIND))
    if kind is None or kind.module not in parts.modules:
        raise ValidationFailed({"what": "takes one of the providers and connections that are listed"})
    return kind.key, None


def _days(text: str) -> int:
    """0, which is refused, for whatever is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_DAYS)) else 0


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("This form names no link. Go back, reload the page, and try again.") from None


async def _page(
    parts: Parts, request: AnyRequest, principal: Principal, *, made: str = "", typed: dict[str, str] | None = None, refusal: Refusal | None = None
) -> Response[str]:
    tenant = tenant_of(request)
    connections = {connection.id: connection for connection in await parts.connections.of(tenant)}
    choices: list[tuple[str, str]] = [(_ANY, as_sentence("Any provider, as they choose"))]
    choices += [
        (f"{_KIND}{kind.key}", sentence("{provider}, new", provider=as_sentence(kind.title)))
        for kind in KINDS.values()
        if kind.module in parts.modules
    ]
    choices += [
        (f"{_CONNECTION}{one.name}", sentence("{connection} ({name}), which is here", connection=one.label, name=one.name))
        for one in connections.values()
    ]
    return await desk(
        parts,
        request,
        principal,
        "links.html",
        refusal=refusal,
        links=[await _shown(parts, request, link, connections) for link in await parts.setup_links.of(tenant)],
        choices=choices,
        made=made,
        typed={"what": "", "days": str(DAYS), "may_switch_on": ""} | (typed or {}),
        most_days=MOST_DAYS,
    )


async def _shown(parts: Parts, request: AnyRequest, link: SetupLink, connections: dict[UUID, Connection]) -> dict[str, Any]:
    maker = await parts.accounts.get(tenant_of(request), link.created_by)
    connection = connections.get(link.connection_id) if link.connection_id else None
    kind = KINDS.get(link.kind or "")
    return {
        "id": link.id,
        "state": _STATES[link.state],
        "open": link.state in {"waiting", "opened"},
        "what": connection.label if connection else as_sentence(kind.title if kind else "Any provider"),
        "connection": connection.name if connection else "",
        "may_switch_on": link.may_switch_on,
        "by": maker.name if maker else as_sentence("Somebody who has left"),
        "until": link.expires_at,
    }
