"""What the organization decides about signing in: through its provider alone or not, with which factors, from where, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from app.admin.frame import SAVED, administrator, desk, sent_by
from app.admin.sign_on.overview import ADDRESS as SIGN_ON
from app.admin.sign_on.overview import PERMISSION
from app.bus import Bus
from app.management.commands import ConfigureOrganization
from auth.http.context import AnyRequest, GivenParts, address_of, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.parts import Parts
from auth.principal import Principal
from tenants.errors import Refusal

ADDRESS = f"{SIGN_ON}/policies"
GivenBus = NamedDependency[SkipValidation[Bus]]
MOST_OWNERS = 100
LONGEST_NUMBER = 6
_HOUR = timedelta(hours=1)
_NUMBERS = {"rememberDays": "signIn", "hours": "sessions", "idleHours": "sessions", "shortest": "passwords"}
_FIELDS = frozenset({"enforced", "networks", "secondFactor", "trustProviders", *_NUMBERS})


@get(ADDRESS)
async def show_policies(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _page(parts, request, await administrator(parts, request, PERMISSION, elevated=True))


@post(ADDRESS, status_code=200)
async def change_policies(request: AnyRequest, parts: GivenParts, bus: GivenBus) -> Response[str]:
    """All at once; what is wrong is said beside its field, and nothing is changed."""
    owners = await parts.break_glass.owners(tenant_of(request))
    boxes = {_box(owner.user_id): str(owner.user_id) for owner in owners[:MOST_OWNERS]}
    principal, fields = await sent_by(parts, request, PERMISSION, _FIELDS | boxes.keys())
    wanted: dict[str, dict[str, Any]] = {
        "signIn": {
            "enforced": fields.get("enforced") == "yes",
            "breakGlass": [id for box, id in boxes.items() if fields.get(box) == "yes"],
            "allowedNetworks": fields.get("networks", "").replace(",", " ").split(),
            "secondFactor": "required" if fields.get("secondFactor") == "yes" else "optional",
            "trustProviders": fields.get("trustProviders") == "yes",
        },
        "sessions": {},
        "passwords": {},
    }
    for name, group in _NUMBERS.items():
        wanted[group][name] = _number(fields.get(name, ""))
    tenant = tenant_of(request)
    command = ConfigureOrganization(policies=wanted, address=address_of(parts, request))
    try:
        await bus.execute(tenant, command, principal, correlation_id=correlation_of(request))
    except Refusal as refusal:
        return await _page(parts, request, principal, wanted, refusal)
    parts.policies.forget(tenant)
    return redirect(f"{ADDRESS}?{SAVED}")


async def _page(
    parts: Parts, request: AnyRequest, principal: Principal, typed: dict[str, Any] | None = None, refusal: Refusal | None = None
) -> Response[str]:
    tenant = tenant_of(request)
    decided = await parts.policies.of(tenant)
    holds = {
        "signIn": {
            "enforced": decided.enforced,
            "breakGlass": sorted(map(str, decided.break_glass)),
            "allowedNetworks": [str(network) for network in decided.networks],
            "secondFactor": "required" if decided.second_factor_required else "optional",
            "trustProviders": decided.providers_trusted,
            "rememberDays": decided.remember_days,
        },
        "sessions": {"hours": decided.session // _HOUR, "idleHours": decided.idle // _HOUR},
        "passwords": {"shortest": decided.shortest_password},
    }
    return await desk(
        parts,
        request,
        principal,
        "policies.html",
        refusal=refusal,
        owners=[(_box(owner.user_id), owner) for owner in (await parts.break_glass.owners(tenant))[:MOST_OWNERS]],
        typed=typed or holds,
        enforced=decided.enforced,
        address=address_of(parts, request) or "?",
    )


def _number(text: str) -> int | str:
    """As it was typed where it is none, so that its policy says what it takes."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else text


def _box(user_id: object) -> str:
    return f"owner-{user_id}"
