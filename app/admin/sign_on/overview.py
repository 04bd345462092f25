"""What there is: connections, domains, and the sign-ins that were refused."""

from __future__ import annotations

from litestar import Response, get, post

from app.admin.frame import ADMINISTRATORS, administrator, desk, sent_by
from app.admin.sign_on.checks import words_of
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.parts import Parts
from auth.principal import Principal
from auth.sso.trail import typed_trace
from tenants.errors import Refusal
from tenants.lifecycle.records import DnsRecords
from tenants.transaction import Cause

ADDRESS = ADMINISTRATORS
PERMISSION = "sso.configure"
LONGEST_TRACE = 20


@get("/admin")
async def enter_console(request: AnyRequest, parts: GivenParts) -> Response[str]:
    await administrator(parts, request, PERMISSION)
    return redirect(ADDRESS)


@get(ADDRESS)
async def show_sign_on(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await administrator(parts, request, PERMISSION)
    return await _page(parts, request, principal)


@post(f"{ADDRESS}/domains", status_code=200)
async def change_domains(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Claim a domain, look for its TXT record, or give it up: `do` says which."""
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset({"do", "domain"}))
    tenant, domain = tenant_of(request), fields.get("domain", "")
    cause = Cause(correlation_of(request), principal.user_id)
    try:
        if fields.get("do") == "verify":
            await parts.email_domains.verify(tenant, domain, DnsRecords(parts.settings.dns_servers), cause)
        elif fields.get("do") == "remove":
            await parts.email_domains.remove(tenant, domain, cause)
        else:
            await parts.email_domains.claim(tenant, domain, cause)
    except Refusal as refusal:
        return await _page(parts, request, principal, refusal)
    return redirect(f"{ADDRESS}#domains")


async def _page(parts: Parts, request: AnyRequest, principal: Principal, refusal: Refusal | None = None) -> Response[str]:
    tenant = tenant_of(request)
    trace = request.query_params.get("trace", "").strip()[:LONGEST_TRACE]
    return await desk(
        parts,
        request,
        principal,
        "sign_on.html",
        refusal=refusal,
        connections=await parts.connections.of(tenant),
        domains=await parts.email_domains.of(tenant),
        trace=typed_trace(trace) if trace else "",
        words_of=words_of,
        refusals=await parts.trail.refusals(tenant, trace=trace or None),
    )
