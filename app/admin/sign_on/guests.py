"""Who comes by a set-up link: what is looked at before they see or do anything."""

from __future__ import annotations

from app.admin.frame import LARGEST, LONGEST_FIELD, Guest
from app.admin.sign_on.overview import PERMISSION
from auth.errors import CrossSite
from auth.forms import form_token, matches
from auth.http.bodies import form_fields
from auth.http.context import AnyRequest, check_origin, correlation_of, tenant_of
from auth.http.guards import setup_secret
from auth.parts import Parts
from auth.sso.connections import Connection, Through
from auth.sso.setup_links import SetupLink, SetupLinkEnded, bind, hold
from tenants.errors import Forbidden
from tenants.registry import Tenant
from tenants.transaction import Cause, Transaction

FORMS = "set-up-link"


async def guest_of(parts: Parts, request: AnyRequest) -> Guest:
    """Raises SetupLinkEnded, also where its administrator may no longer do what they have let others do."""
    tenant = tenant_of(request)
    link = await parts.setup_links.of_browser(tenant, setup_secret(parts, request) or "")
    await require_administrator(parts, tenant, link)
    return Guest(link, form_token(tenant.key.key, FORMS, str(link.id)))


async def sent_by_guest(parts: Parts, request: AnyRequest, fields: frozenset[str]) -> tuple[Guest, dict[str, str]]:
    """Who has sent a form, and what is in it. Raises as `guest_of`, InvalidRequest, CrossSite."""
    guest = await guest_of(parts, request)
    given = await form_fields(request, fields | {"form"}, largest=LARGEST, longest=LONGEST_FIELD, files=True)
    check_origin(parts, request)
    if not any(matches(key, FORMS, str(guest.link.id), given.get("form")) for key in tenant_of(request).key.all):
        raise CrossSite
    given.pop("form")
    return guest, given


async def require_administrator(parts: Parts, tenant: Tenant, link: SetupLink) -> None:
    """Raises SetupLinkEnded."""
    account = await parts.accounts.get(tenant, link.created_by)
    if account is None or account.status != "active" or PERMISSION not in account.permissions:
        raise SetupLinkEnded


async def connection_of(parts: Parts, request: AnyRequest, guest: Guest) -> Connection | None:
    """The one that the link is for; None while there is none yet. Raises SetupLinkEnded where it was removed."""
    if guest.link.connection_id is None:
        return None
    tenant = tenant_of(request)
    found = await parts.connections.by_id(tenant, guest.link.connection_id)
    if found is None:
        parts.connections.forget(tenant)  # another process may have added it a moment ago
        found = await parts.connections.by_id(tenant, guest.link.connection_id)
    if found is None:
        raise SetupLinkEnded
    return found


def name_of(guest: Guest, kind: str) -> str:
    """What the connection will be called in addresses. Guests do not choose it: a name that is taken would tell what else is here."""
    return f"{kind}-{guest.link.id.hex[-8:]}"


def cause_of(request: AnyRequest, guest: Guest) -> Cause:
    """The administrator's, whose link it is; that it was by a link stands beside it."""
    return Cause(correlation_of(request), guest.link.created_by)


def through(guest: Guest, kind: str | None = None) -> Through:
    """`kind`: of the connection that is added, which the link is bound to."""

    async def also(change: Transaction, connection: Connection) -> None:
        await (hold(change, guest.link) if kind is None else bind(change, guest.link, connection, kind))

    return Through({"through": "set-up link", "setupLink": str(guest.link.id)}, also)


def may_change(guest: Guest, connection: Connection) -> None:
    """Raises Forbidden where people sign in by it and the link does not say that it may be switched on."""
    if connection.enabled and not guest.link.may_switch_on:
        raise Forbidden("People sign in through this connection already, so it cannot be changed by this link. Ask the administrator who sent it.")
