"""What a connection is set up with, changed later: a secret that was renewed, another server, the names of attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from app.admin.frame import SAVED, administrator, desk, sent_by
from app.admin.sign_on.kinds import Field, kind_of
from app.admin.sign_on.overview import ADDRESS, PERMISSION
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.pages import redirect
from auth.parts import Parts
from auth.principal import Principal
from auth.sso.changing import resettled
from auth.sso.connections import Connection
from tenants.errors import Conflict, Refusal, ValidationFailed
from tenants.transaction import Cause


@get(f"{ADDRESS}/{{name:str}}/values")
async def show_values(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    principal = await administrator(parts, request, PERMISSION, elevated=True)
    connection = await parts.connections.named(tenant_of(request), name)
    return await _page(parts, request, principal, connection, typed_values(connection))


@post(f"{ADDRESS}/{{name:str}}/values", status_code=200)
async def change_values(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """All that the form shows; what is wrong is said beside its field, and nothing is changed."""
    connection = await parts.connections.named(tenant_of(request), name)
    principal, fields = await sent_by(parts, request, PERMISSION, frozenset(field.name for field in _fields(connection)))
    try:
        settings, secrets = await _settled(parts, connection, fields)
    except Refusal as refusal:
        return await _page(parts, request, principal, connection, fields, refusal)

    def alter(known: Connection) -> Connection:
        if known.version != connection.version:
            raise Conflict("This connection was changed meanwhile. Reload the page, and try again.")
        return replace(known, settings=settings, secrets=secrets, unopened=None)

    await parts.connections.change(tenant_of(request), name, alter, Cause(correlation_of(request), principal.user_id))
    return redirect(f"{ADDRESS}/{name}?{SAVED}")


def typed_values(connection: Connection) -> dict[str, str]:
    """As the form has them; secrets are never shown."""
    return {field.name: "" if field.secret else _typed(connection.settings.get(field.key)) for field in _fields(connection)}


async def _settled(parts: Parts, connection: Connection, fields: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Raises ValidationFailed naming all that is wrong, by the form's fields."""
    kind, given = kind_of(connection), _fields(connection)
    settings, typed = kind.read(fields, given)
    if connection.kind == "saml":
        # What its metadata said stays as it is: it is read anew under Certificates, beside what is still believed.
        of_form = {"metadata_url", *(field.key for field in given)}
        settings = {name: value for name, value in connection.settings.items() if name not in of_form} | settings
    if preset := connection.settings.get("preset"):
        settings["preset"] = preset
    try:
        return await resettled(parts.modules[connection.kind], connection, settings, typed)
    except ValidationFailed as refusal:
        raise ValidationFailed(kind.by_field(refusal.fields, given)) from None


def _fields(connection: Connection) -> tuple[Field, ...]:
    return kind_of(connection).all_fields


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


async def _page(
    parts: Parts, request: AnyRequest, principal: Principal, connection: Connection, typed: dict[str, str], refusal: Refusal | None = None
) -> Response[str]:
    fields = _fields(connection)
    return await desk(
        parts,
        request,
        principal,
        "values.html",
        refusal=refusal,
        connection=connection,
        fields=fields,
        typed={field.name: "" for field in fields} | typed,
    )
