"""For programs: tokens, new tokens for old, and the keys with which everybody can check them."""

from __future__ import annotations

import json

from litestar import Response, get, post

from auth.errors import InvalidRequest, UnsupportedMedia
from auth.http.answers import json_answer
from auth.http.clients import fields_of, sent_as_json
from auth.http.context import AnyRequest, GivenParts, address_of, check_network, correlation_of, device_of, tenant_of
from auth.http.granting import CLIENT_GRANTS, granted, refreshing_client, second_factor
from auth.native import AMR, Attempt
from tenants.transaction import Cause

JWKS_AGE = 300
_TOKEN_FIELDS = frozenset(
    {"email", "username", "password", "grant_type", "code", "code_verifier", "redirect_uri", "client_id", "client_secret", "totp"}
)
_REFRESH_FIELDS = frozenset({"refresh_token", "grant_type", "client_id", "client_secret"})


@post("/auth/token", status_code=200)
async def issue_tokens(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """E-mail address or username, and password; or a registered client's code or secret: for a pair of tokens. Never sets a cookie."""
    tenant = tenant_of(request)
    await check_network(parts, request)
    fields = await fields_of(request, _TOKEN_FIELDS)
    if fields.get("grant_type") in CLIENT_GRANTS:
        return json_answer(await granted(request, parts, fields))
    if not sent_as_json(request):
        raise UnsupportedMedia("A password comes as Content-Type: application/json, which no other site's form can send.")
    login = _login(fields)
    _grant(fields, "password")
    correlation_id = correlation_of(request)
    address = address_of(parts, request) or "local"
    account = await parts.native.prove(tenant, Attempt(login, fields["password"], address, correlation_id))
    amr = await second_factor(parts, request, account, AMR, fields.get("totp"), by_provider=False)
    pair = await parts.flow.tokens(tenant, account, amr, device_of(parts, request), Cause(correlation_id, account.user_id))
    return json_answer(pair.document())


@post("/auth/refresh", status_code=200)
async def refresh_tokens(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """A refresh token for a new pair; the old one is spent. A client that has a secret sends it as at /auth/token (RFC 6749, 6)."""
    tenant = tenant_of(request)
    await check_network(parts, request)
    fields = await fields_of(request, _REFRESH_FIELDS)
    _grant(fields, "refresh_token")
    if "refresh_token" not in fields:
        raise InvalidRequest("refresh_token is missing.", {"refresh_token": "is missing"})
    client = await refreshing_client(request, parts, fields)
    pair = await parts.grants.refresh(tenant, fields["refresh_token"], device_of(parts, request, client), correlation_of(request))
    return json_answer(pair.document())


@get("/.well-known/jwks.json")
async def publish_keys(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """The JWK Set. A new key is in it longer than caches keep it, before it signs anything."""
    tenant_of(request)
    headers = {"Cache-Control": f"public, max-age={JWKS_AGE}", "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
    body = json.dumps(await parts.keys.public_set(), separators=(",", ":")).encode()
    return Response(body, media_type="application/jwk-set+json", headers=headers)


def _login(fields: dict[str, str]) -> str:
    names = fields.keys() & {"email", "username"}
    if len(names) != 1:
        raise InvalidRequest("Send either email or username, and password.", {"email": "or username has to be there, not both"})
    if "password" not in fields:
        raise InvalidRequest("password is missing.", {"password": "is missing"})
    return fields[names.pop()]


def _grant(fields: dict[str, str], expected: str) -> None:
    if fields.get("grant_type", expected) != expected:
        raise InvalidRequest(
            f"grant_type has to be {expected} here, or left out, or one of {', '.join(sorted(CLIENT_GRANTS))} at /auth/token.",
            {"grant_type": "is not supported here"},
        )
