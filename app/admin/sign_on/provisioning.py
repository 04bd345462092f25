"""Tokens with which a connection's provider provisions people: made here and shown once, two at once at most, revoked."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from app.admin.frame import sent_by
from app.admin.sign_on.connection import connection_page
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.scim.tokens import MOST_DAYS
from tenants.errors import NotFound, Refusal
from tenants.transaction import Cause


@post(f"{ADDRESS}/{{name:str}}/provisioning", status_code=200)
async def change_provisioning(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """Make a token, which is on the page that answers and nowhere afterwards, or revoke one: `do` says which."""
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset({"do", "days", "token"}))
    tenant, cause = tenant_of(request), Cause(correlation_of(request), principal.user_id)
    connection = await parts.connections.named(tenant, name)
    if fields.get("do") == "revoke":
        await parts.scim_tokens.revoke(tenant, connection, _id(fields.get("token", "")), cause)
        return redirect(f"{ADDRESS}/{name}#provisioning")
    try:
        made = await parts.scim_tokens.make(tenant, connection, _days(fields.get("days", "")), cause)
    except Refusal as refusal:
        return await connection_page(parts, request, principal, connection, refusal=refusal)
    return await connection_page(parts, request, principal, connection, made=made)


def _days(text: str) -> int:
    """0, which is refused, for whatever is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_DAYS)) else 0


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("This form names no token. Go back, reload the page, and try again.") from None
