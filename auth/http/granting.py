"""Tokens for registered clients: for a code that a browser brought back, and for services on their own secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from auth.accounts import Account
from auth.errors import InvalidClient, InvalidGrant, InvalidRequest, PasskeyRequired, SecondFactorMissing, TotpRequired
from auth.factors.factors import Need
from auth.http.clients import proof_in, says_basic
from auth.http.context import AnyRequest, address_of, correlation_of, device_of, tenant_of
from auth.parts import Parts
from auth.sessions import FIRST_PARTY, SERVICE_AMR, Via
from tenants.registry import Tenant
from tenants.transaction import Cause

# RFC 8176: a one-time code, and more than one factor.
SECOND_AMR = ("otp", "mfa")
CLIENT_GRANTS = frozenset({"authorization_code", "client_credentials"})


async def granted(request: AnyRequest, parts: Parts, fields: dict[str, str]) -> dict[str, Any]:
    """Raises InvalidClient, InvalidGrant, InvalidRequest."""
    tenant = tenant_of(request)
    client = await parts.clients.proven(tenant, *proof_in(request, fields))
    if fields["grant_type"] == "client_credentials":
        if client.user_id is None:
            raise InvalidClient
        user_id, amr, via, browsers = client.user_id, SERVICE_AMR, None, None
    else:
        missing = {name: "is missing" for name in ("code", "code_verifier") if name not in fields}
        if missing:
            raise InvalidRequest(f"{' and '.join(missing)} missing: send what came to the redirect address, and the verifier.", missing)
        code = await parts.codes.redeem(tenant, client, fields["code"], fields["code_verifier"], fields.get("redirect_uri"))
        browsers = await parts.sessions.by_id(tenant, code.session_id)
        if browsers is None:
            raise InvalidGrant
        user_id, amr, via = code.user_id, code.amr, await _through(parts, tenant, code.session_id)
    account = await parts.accounts.get(tenant, user_id)
    if account is None or account.status != "active":
        raise InvalidGrant
    cause = Cause(correlation_of(request), user_id)
    pair = await parts.flow.tokens(tenant, account, amr, device_of(parts, request, client.client_id), cause, via, browsers)
    await parts.clients.used(tenant, client.client_id, cause)
    document = pair.document()
    if client.user_id is not None:  # a service asks again with its secret (RFC 6749, 4.4.3)
        del document["refresh_token"]
    return document


async def refreshing_client(request: AnyRequest, parts: Parts, fields: dict[str, str]) -> str:
    """Which client has proven to ask; our own where none says so. Raises InvalidClient, InvalidRequest."""
    if "client_id" not in fields and not says_basic(request):
        return FIRST_PARTY
    return (await parts.clients.proven(tenant_of(request), *proof_in(request, fields))).client_id


async def _through(parts: Parts, tenant: Tenant, session_id: UUID) -> Via | None:
    """The provider through which the browser's session was opened: the program's goes with it."""
    origin = await parts.sessions.origin(tenant, session_id)
    return Via(origin.connection_id) if origin else None


async def second_factor(
    parts: Parts, request: AnyRequest, account: Account, amr: tuple[str, ...], code: str | None, *, by_provider: bool
) -> tuple[str, ...]:
    """How they have proven who they are, once a code that has to be there was good.

    Raises TotpRequired, PasskeyRequired, SecondFactorMissing, InvalidCode.
    """
    tenant = tenant_of(request)
    need = await parts.factors.needed(account, amr, await parts.policies.of(tenant), tenant, by_provider=by_provider)
    if need is Need.NOTHING:
        return amr
    if need is Need.ENROL:
        raise SecondFactorMissing
    if not code:
        raise TotpRequired if (await parts.factors.of(tenant, account.user_id)).authenticator else PasskeyRequired
    cause = Cause(correlation_of(request), account.user_id)
    await parts.factors.prove(tenant, account.user_id, code, address_of(parts, request) or "local", cause)
    return (*amr, *SECOND_AMR)
