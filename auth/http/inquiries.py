"""What others ask about tokens: services that were sent one, reverse proxies that guard something, libraries that set themselves up."""

from __future__ import annotations

import json
from typing import Any

from litestar import Response, get, post

from auth.errors import InvalidClient, unauthenticated
from auth.http.answers import json_answer
from auth.http.clients import client_proof
from auth.http.context import AnyRequest, GivenParts, principal_of, tenant_of
from auth.principal import ANONYMOUS
from tenants.errors import Forbidden, Refusal

_INTROSPECTION_FIELDS = frozenset({"token", "token_type_hint", "client_id", "client_secret"})
LONGEST_PERMISSION = 80


@post("/auth/introspect", status_code=200)
async def introspect(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """Whether a token is good at this moment, and whose it is (RFC 7662); for clients that have a secret."""
    tenant = tenant_of(request)
    fields, client_id, secret = await client_proof(request, _INTROSPECTION_FIELDS)
    client = await parts.clients.proven(tenant, client_id, secret)
    if client.secret_hash is None:
        raise InvalidClient
    try:
        token = await parts.tokens.verify(fields.get("token", ""))
        principal = await parts.rights.of(tenant, token.session) if parts.tokens.belongs_to(token, tenant) else None
    except Refusal:
        return json_answer({"active": False})
    if principal is None or principal.user_id != token.subject:
        return json_answer({"active": False})
    session = await parts.sessions.by_id(tenant, token.session)
    document: dict[str, Any] = {
        "active": True,
        "token_type": "Bearer",
        "iss": token.issuer,
        "aud": token.issuer,
        "sub": str(token.subject),
        "exp": token.expires,
        "sid": str(token.session),
        "client_id": session.client_id if session else "",
        "org": str(tenant.id),
        "tenant": str(tenant.slug),
        "role": principal.role,
        "permissions": sorted(principal.permissions),
    }
    return json_answer(document)


@get("/auth/verify")
async def verify(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """For a reverse proxy that asks before it passes a request on: 204 with who it is, 401, or 403 where a `permission` is asked for and missing."""
    tenant = tenant_of(request)
    principal = await principal_of(parts, request)
    if principal is ANONYMOUS or principal.user_id is None:
        raise unauthenticated()
    if not all(len(wanted) <= LONGEST_PERMISSION and principal.may(wanted) for wanted in request.query_params.getall("permission", [])):
        raise Forbidden("This needs a permission that you do not have. Ask an administrator of your organization.")
    headers = {
        "Cache-Control": "no-store",
        "X-Imprint-User": str(principal.user_id),
        "X-Imprint-Role": principal.role or "",
        "X-Imprint-Permissions": ",".join(sorted(principal.permissions)),
        "X-Imprint-Organization": str(tenant.slug),
    }
    return Response(b"", status_code=204, headers=headers)


@get("/.well-known/oauth-authorization-server")
async def publish_metadata(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """What OAuth libraries set themselves up with (RFC 8414)."""
    issuer = parts.addresses.of(tenant_of(request))
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth/authorize",
        "token_endpoint": f"{issuer}/auth/token",
        "introspection_endpoint": f"{issuer}/auth/introspect",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
    return Response(json.dumps(document).encode(), media_type="application/json", headers=headers)
