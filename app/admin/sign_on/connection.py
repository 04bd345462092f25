"""One connection: its addresses to copy, whom it lets in and as what, switching it on and off, giving it up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from litestar import Response, get, post
from litestar.params import FromPath

from app.admin.frame import SAVED, administrator, desk, sent_by
from app.admin.sign_on.checks import in_words
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from app.admin.sign_on.terms import TERMS, read_terms, typed_terms
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.parts import Parts
from auth.principal import Principal
from auth.sso.connections import Connection
from auth.sso.mapping import OWNER
from auth.sso.modules import examined
from tenants.errors import Refusal, ValidationFailed
from tenants.sentences import sentence
from tenants.transaction import Cause


@get(f"{ADDRESS}/{{name:str}}")
async def show_connection(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    principal = await administrator(parts, request, PERMISSION, elevated=True)
    return await connection_page(parts, request, principal, await parts.connections.named(tenant_of(request), name))


@post(f"{ADDRESS}/{{name:str}}", status_code=200)
async def change_connection(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """Who comes in and as what; what is wrong is said beside its field, and nothing is changed."""
    principal, fields = await sent_by(parts, request, PERMISSION, TERMS)
    tenant = tenant_of(request)
    connection = await parts.connections.named(tenant, name)
    try:
        terms = await read_terms(parts, tenant, fields)
    except ValidationFailed as refusal:
        return await connection_page(parts, request, principal, connection, fields, refusal)
    await parts.connections.change(tenant, name, lambda known: replace(known, **terms), Cause(correlation_of(request), principal.user_id))
    return redirect(f"{ADDRESS}/{name}?{SAVED}")


@post(f"{ADDRESS}/{{name:str}}/switch", status_code=200)
async def switch_connection(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset({"on"}))
    on = fields.get("on") == "yes"
    cause = Cause(correlation_of(request), principal.user_id)
    await parts.connections.change(tenant_of(request), name, lambda known: replace(known, enabled=on), cause)
    return redirect(f"{ADDRESS}/{name}")


@post(f"{ADDRESS}/{{name:str}}/remove", status_code=200)
async def remove_connection(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """Only where its name was typed: the links between the provider's people and theirs here go with it."""
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset({"confirm"}))
    tenant = tenant_of(request)
    if fields.get("confirm", "").strip() != name:
        refusal = ValidationFailed({"confirm": sentence("takes {name}, the name of the connection that is removed", name=name)})
        return await connection_page(parts, request, principal, await parts.connections.named(tenant, name), None, refusal)
    await parts.connections.remove(tenant, name, Cause(correlation_of(request), principal.user_id))
    return redirect(ADDRESS)


async def connection_page(
    parts: Parts,
    request: AnyRequest,
    principal: Principal,
    connection: Connection,
    typed: dict[str, str] | None = None,
    refusal: Refusal | None = None,
    made: str = "",
) -> Response[str]:
    """`made`: a token for provisioning that is shown this once."""
    module = parts.modules[connection.kind]
    return await desk(
        parts,
        request,
        principal,
        "connection.html",
        refusal=refusal,
        connection=connection,
        copied=[(title, parts.addresses.of(tenant_of(request)) + path) for title, path in module.copied(connection)],
        typed=typed_terms(connection) | (typed or {}),
        roles=sorted({*await parts.accounts.roles(tenant_of(request)), connection.default_role} - {OWNER}),
        scim_address=f"{parts.addresses.of(tenant_of(request))}/scim/v2",
        scim_tokens=await parts.scim_tokens.of(tenant_of(request), connection.id),
        made=made,
        certificates=_certificates(connection) if connection.kind == "saml" and connection.unopened is None else None,
        checks=in_words(await examined(module, tenant_of(request), connection)) if "examine" in request.query_params else None,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    fingerprint: str
    ends: datetime
    good: bool


def _certificates(connection: Connection) -> list[tuple[str, _Shown]]:
    """Ours by what they are for, then the provider's."""
    from auth.saml.certificates import span_of  # noqa: PLC0415 - what reads XML is imported when the first organization needs it
    from auth.saml.keys import spans_of  # noqa: PLC0415

    now = datetime.now(UTC)
    theirs = [("provider", span_of(certificate)) for certificate in connection.settings["certificates"]]
    return [(which, _Shown(span.fingerprint, span.ends, span.covers(now))) for which, span in (*spans_of(connection.secrets), *theirs)]
