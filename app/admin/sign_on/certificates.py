"""Certificates of a SAML connection: ours are followed by the next one step by step, the provider's are read anew while the old are still good."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from litestar import Response, post
from litestar.params import FromPath

from app.admin.frame import sent_by
from app.admin.sign_on.connection import connection_page
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.saml.module import SamlModule
from auth.sso.connections import Connection
from tenants.errors import NotFound, Refusal
from tenants.transaction import Cause

OURS = ("prepare", "switch", "drop")
THEIRS = ("add", "replace")


@post(f"{ADDRESS}/{{name:str}}/certificates", status_code=200)
async def change_certificates(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """`do`: prepare, switch or drop ours; add or replace the provider's by its metadata, pasted or read where it is published."""
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset({"do", "metadata", "metadata_file"}))
    tenant, do = tenant_of(request), fields.get("do", "")
    metadata = fields.get("metadata", "").strip() or fields.get("metadata_file", "").strip()
    connection = await parts.connections.named(tenant, name, "saml")
    module = cast("SamlModule", parts.modules["saml"])
    try:
        changed = await _changed(module, connection, do, metadata)
    except Refusal as refusal:
        return await connection_page(parts, request, principal, connection, refusal=refusal)

    def alter(known: Connection) -> Connection:
        if known.version != connection.version:
            raise NotFound("This connection was changed meanwhile. Reload the page, and try again.")
        return replace(known, settings=changed.settings, secrets=changed.secrets)

    await parts.connections.change(tenant, name, alter, Cause(correlation_of(request), principal.user_id))
    return redirect(f"{ADDRESS}/{name}#certificates")


async def _changed(module: SamlModule, connection: Connection, do: str, metadata: str) -> Connection:
    """Raises Conflict, ValidationFailed, NotFound."""
    if do in OURS:
        return await module.renewed(connection, do)
    if do in THEIRS:
        return await module.reread(connection, metadata, keep=do == "add")
    raise NotFound("This form names no step. Go back, reload the page, and try again.")
