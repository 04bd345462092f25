"""Connecting a provider, step by step: choose its kind, copy our values there and its values here, test, switch on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from app.admin.frame import Guest, administrator, desk, sent_by
from app.admin.sign_on.guests import name_of
from app.admin.sign_on.kinds import KINDS, SetUp
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from app.admin.sign_on.terms import read_label
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.parts import Parts
from auth.principal import Principal
from auth.sso.connections import Connection
from tenants.errors import NotFound, Refusal, ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_NOTHING: Mapping[str, str] = MappingProxyType({})
RESERVED = frozenset({"new", "domains", "policies", "links"})


@get(f"{ADDRESS}/new")
async def choose_kind(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await administrator(parts, request, PERMISSION, elevated=True)
    return await desk(parts, request, principal, "kinds.html", kinds=[kind for kind in KINDS.values() if kind.module in parts.modules])


@get(f"{ADDRESS}/new/{{kind:str}}")
async def show_setup(request: AnyRequest, parts: GivenParts, kind: FromPath[str]) -> Response[str]:
    principal = await administrator(parts, request, PERMISSION, elevated=True)
    return await setup_page(parts, request, principal, kind_named(parts, kind), {"name": kind})


@post(f"{ADDRESS}/new/{{kind:str}}", status_code=200)
async def set_up(request: AnyRequest, parts: GivenParts, kind: FromPath[str]) -> Response[str]:
    """A connection that is switched off until it was tested; what is wrong is said beside its field, and nothing is made."""
    chosen = kind_named(parts, kind)
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset({"name", "label", *(field.name for field in chosen.fields)}))
    tenant, name = tenant_of(request), fields.get("name", "").strip()
    label, problem = read_label(fields.get("label") or chosen.label((await parts.policies.of(tenant)).name))
    try:
        settings, secrets = await settled(parts, chosen, name, fields, wrong={"label": problem} if problem else {})
        connection = Connection(
            new_id(), name, chosen.module, label, enabled=False, create_people=True, default_role="reader", settings=settings, secrets=secrets
        )
        await parts.connections.add(tenant, connection, Cause(correlation_of(request), principal.user_id))
    except Refusal as refusal:
        return await setup_page(parts, request, principal, chosen, fields, refusal)
    return redirect(f"{ADDRESS}/{name}")


async def settled(
    parts: Parts, chosen: SetUp, name: str, fields: dict[str, str], known: Connection | None = None, *, wrong: Mapping[str, str] = _NOTHING
) -> tuple[dict[str, Any], dict[str, str]]:
    """`known`: the connection that takes other values; `wrong`: what is, besides. Raises ValidationFailed naming all of it, by the form's fields."""
    wrong = dict(wrong)
    settings, secrets = chosen.read(fields)
    if known is not None and chosen.module == "saml":
        secrets = {**known.secrets, **secrets}  # our own keys stay; a provider's secret is never sent to another address than it was given for
    elif not _NAME.fullmatch(name) or name in RESERVED:
        wrong["name"] = "takes 1 to 40 lower-case letters, digits and hyphens within, as addresses have it"
    try:
        kept = await parts.modules[chosen.module].settle(settings, secrets)
    except ValidationFailed as refusal:
        raise ValidationFailed({**wrong, **chosen.by_field(refusal.fields)}) from None
    if wrong:
        raise ValidationFailed(wrong)
    return kept


def kind_named(parts: Parts, kind: str) -> SetUp:
    found = KINDS.get(kind)
    if found is None or found.module not in parts.modules:
        raise NotFound("There is no such kind of provider. Choose one of those that are listed.")
    return found


async def setup_page(
    parts: Parts,
    request: AnyRequest,
    who: Principal | Guest,
    kind: SetUp,
    typed: dict[str, str],
    refusal: Refusal | None = None,
    known: Connection | None = None,
) -> Response[str]:
    """`known`: the connection that takes other values."""
    base = parts.addresses.of(tenant_of(request))
    name = known.name if known else name_of(who, kind.key) if isinstance(who, Guest) else typed.get("name") or kind.key
    return await desk(
        parts,
        request,
        who,
        "setup.html",
        refusal=refusal,
        kind=kind,
        known=known,
        typed={
            "name": kind.key,
            "label": kind.label((await parts.policies.of(tenant_of(request))).name),
            **{field.name: field.value for field in kind.fields},
            **typed,
        },
        copied=[(title, base + path.format(name=name if _NAME.fullmatch(name) else kind.key)) for title, path in kind.copied],
    )
