"""A registered client's sign-in (RFC 6749, 4.1 with RFC 7636): through whichever way in the organization has, then back with a code."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from litestar import Response, get

from auth.errors import ElevationRequired, InvalidRequest
from auth.http.context import AnyRequest, GivenParts, session_principal, tenant_of
from auth.http.pages import redirect
from auth.parts import Parts
from auth.server.clients import Client
from auth.server.codes import CHALLENGE, Granted
from tenants.registry import Tenant
from tenants.sentences import sentence

ADDRESS = "/auth/authorize"
LONGEST_STATE = 1000


@get(ADDRESS)
async def authorize(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Who is signed in goes back with a code; who is not signs in first and comes here again. `prompt=none` asks without showing a page.

    `prompt=login`: who has not proven lately who they are does so again.
    """
    tenant = tenant_of(request)
    asked = {name: request.query_params.getall(name, [])[:2] for name in request.query_params}
    if twice := sorted(name for name, values in asked.items() if len(values) > 1):
        raise InvalidRequest(sentence("The address holds {names} twice. Send each once.", names=", ".join(twice)[:80]))
    given = {name: values[0] for name, values in asked.items()}
    client, back = await _client(parts, tenant, given)
    if problem := _problem(given):
        return _back(parts, tenant, back, given, {"error": problem[0], "error_description": problem[1]})
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None or principal.session_id is None:
        if given.get("prompt") == "none":
            return _back(parts, tenant, back, given, {"error": "login_required"})
        return redirect("/auth/login?" + urlencode({"next": f"{ADDRESS}?{urlencode(given)}"}))
    if given.get("prompt") == "login" and not principal.elevated:
        return redirect(f"{ElevationRequired.where}?{urlencode({'next': f'{ADDRESS}?{urlencode(given)}'})}")
    session = await parts.sessions.by_id(tenant, principal.session_id)
    granted = Granted(principal.user_id, principal.session_id, session.amr if session else ())
    code = await parts.codes.issue(tenant, client, back, given["code_challenge"], granted)
    return _back(parts, tenant, back, given, {"code": code})


async def leads_to(parts: Parts, tenant: Tenant, wanted: str) -> str:
    """Where a form on the way to `wanted` may end up, as a Content-Security-Policy has it: browsers look at redirects, too."""
    path, _, query = wanted.partition("?")
    if path != ADDRESS:
        return "'self'"
    given = {name: values[0] for name, values in parse_qs(query).items()}
    client = await parts.clients.find(tenant, given.get("client_id"))
    back = client.redirect_to(given.get("redirect_uri")) if client else None
    if back is None:
        return "'self'"
    parts_of = urlsplit(back)
    return f"'self' {parts_of.scheme}://{parts_of.netloc}" if parts_of.netloc else f"'self' {parts_of.scheme}:"


async def _client(parts: Parts, tenant: Tenant, given: dict[str, str]) -> tuple[Client, str]:
    """Raises InvalidRequest, shown here: nobody is sent to an address that is not registered (RFC 9700, 4.11)."""
    client = await parts.clients.find(tenant, given.get("client_id"))
    if client is None or client.user_id is not None:
        raise InvalidRequest("The program that sent you here is not known to this organization. Tell whoever runs it: its client_id is wrong.")
    back = client.redirect_to(given.get("redirect_uri"))
    if back is None:
        raise InvalidRequest("The program that sent you here wants you back at an address it has not registered. Tell whoever runs it.")
    return client, back


def _problem(given: dict[str, str]) -> tuple[str, str] | None:
    """What the client has to mend, as it is told (RFC 6749, 4.1.2.1)."""
    if given.get("response_type") != "code":
        return "unsupported_response_type", "response_type has to be code"
    if given.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(given.get("code_challenge", "")):
        return "invalid_request", "code_challenge has to be there, with code_challenge_method S256"
    if len(given.get("state", "")) > LONGEST_STATE:
        return "invalid_request", f"state is longer than {LONGEST_STATE} characters"
    return None


def _back(parts: Parts, tenant: Tenant, back: str, given: dict[str, str], answer: dict[str, str]) -> Response[str]:
    """To the client, with who it is that answers (RFC 9207)."""
    state = {"state": given["state"]} if len(given.get("state", "")) <= LONGEST_STATE and "state" in given else {}
    query = urlencode({**answer, **state, "iss": parts.addresses.of(tenant)})
    return redirect(f"{back}{'&' if urlsplit(back).query else '?'}{query}")
