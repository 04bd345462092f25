"""Setting a connection up by a link, without an account: choose the provider, exchange values, test, and say that it is done."""

from __future__ import annotations

from dataclasses import replace

from litestar import Response, get, post
from litestar.params import FromPath

from app.admin.frame import GUESTS, PAGES, Guest, desk
from app.admin.sign_on.checks import in_words
from app.admin.sign_on.guests import cause_of, connection_of, guest_of, may_change, name_of, require_administrator, sent_by_guest, through
from app.admin.sign_on.kinds import KINDS
from app.admin.sign_on.rehearsal import begin, result_page
from app.admin.sign_on.setup import kind_named, settled, setup_page
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, address_of, correlation_of, tenant_of
from auth.http.guards import bind_form, check_own_form, setup_secret
from auth.http.pages import redirect
from auth.parts import Parts
from auth.sso.connections import Connection
from auth.sso.modules import examined
from auth.sso.setup_links import SetupLinkEnded
from tenants.errors import Forbidden, NotFound, Refusal
from tenants.ids import new_id
from tenants.transaction import Cause

ENTRY_FORM = "set-up"
CONNECTION = f"{GUESTS}/connection"


@get(GUESTS)
async def enter_setup(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """With a link's token, a page with one button, since programs that look at mails open links, too; else on to where the guest is."""
    token = request.query_params.get("token")
    if token is not None:
        return await _entry(parts, request, token)
    link = (await guest_of(parts, request)).link
    if link.connection_id is not None:
        return redirect(CONNECTION)
    return redirect(f"{GUESTS}/new/{link.kind}" if link.kind else f"{GUESTS}/new")


@post(GUESTS, status_code=200)
async def begin_setup(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """From here on the link is this browser's, by a cookie that opens nothing else."""
    fields = {"token": "", "form": ""} | await form_fields(request, frozenset({"token", "form"}))
    check_own_form(parts, request, ENTRY_FORM, fields["form"])
    tenant = tenant_of(request)
    try:
        await require_administrator(parts, tenant, await parts.setup_links.look(tenant, fields["token"]))
        link, secret = await parts.setup_links.open(tenant, fields["token"], Cause(correlation_of(request)))
    except SetupLinkEnded:
        await parts.limits.guessed(tenant, address_of(parts, request) or "local")
        raise
    seconds = int((link.expires_at - link.created_at).total_seconds())
    return redirect(GUESTS, cookies=(parts.cookies.set(parts.cookies.setup, secret, max_age=seconds),))


@get(f"{GUESTS}/new")
async def choose_guest_kind(request: AnyRequest, parts: GivenParts) -> Response[str]:
    guest = await guest_of(parts, request)
    if guest.link.kind is not None:
        return redirect(GUESTS)
    return await desk(parts, request, guest, "kinds.html", kinds=[kind for kind in KINDS.values() if kind.module in parts.modules])


@get(f"{GUESTS}/new/{{kind:str}}")
async def show_guest_setup(request: AnyRequest, parts: GivenParts, kind: FromPath[str]) -> Response[str]:
    guest = await guest_of(parts, request)
    _expected(guest, kind)
    known = await connection_of(parts, request, guest)
    return await setup_page(parts, request, guest, kind_named(parts, kind), {"name": kind}, known=known)


@post(f"{GUESTS}/new/{{kind:str}}", status_code=200)
async def set_up_as_guest(request: AnyRequest, parts: GivenParts, kind: FromPath[str]) -> Response[str]:
    """The connection, switched off; handed in again, its values are these. What is wrong is said beside its field, and nothing is made."""
    chosen = kind_named(parts, kind)
    guest, fields = await sent_by_guest(parts, request, frozenset(field.name for field in chosen.fields))
    _expected(guest, kind)
    tenant, cause = tenant_of(request), cause_of(request, guest)
    known = await connection_of(parts, request, guest)
    name = known.name if known else name_of(guest, chosen.key)
    try:
        await parts.probing.enter(tenant, guest.link.id)
        settings, secrets = await settled(parts, chosen, name, fields, known)
        if known is None:
            made = Connection(
                new_id(),
                name,
                chosen.module,
                chosen.label((await parts.policies.of(tenant)).name),
                enabled=False,
                create_people=True,
                default_role="reader",
                settings=settings,
                secrets=secrets,
            )
            await parts.connections.add(tenant, made, cause, through(guest, kind))
        else:
            await parts.connections.change(tenant, name, lambda held: _with(guest, held, settings, secrets), cause, through(guest))
    except Refusal as refusal:
        return await setup_page(parts, request, guest, chosen, fields, refusal, known)
    return redirect(CONNECTION)


@get(CONNECTION)
async def show_guest_connection(request: AnyRequest, parts: GivenParts) -> Response[str]:
    guest = await guest_of(parts, request)
    connection = await _connection(parts, request, guest)
    module, examines = parts.modules[connection.kind], "examine" in request.query_params
    if examines:
        await parts.probing.enter(tenant_of(request), guest.link.id)
    return await desk(
        parts,
        request,
        guest,
        "guided.html",
        connection=connection,
        link=guest.link,
        kind=KINDS[guest.link.kind or connection.kind],
        copied=[(title, parts.addresses.of(tenant_of(request)) + path) for title, path in module.copied(connection)],
        checks=in_words(await examined(module, tenant_of(request), connection)) if examines else None,
    )


@post(f"{CONNECTION}/test", status_code=200)
async def begin_guest_rehearsal(request: AnyRequest, parts: GivenParts) -> Response[str]:
    guest, _ = await sent_by_guest(parts, request, frozenset())
    connection = await _connection(parts, request, guest)
    await parts.probing.enter(tenant_of(request), guest.link.id)
    return await begin(parts, request, guest, connection, CONNECTION, setup_secret(parts, request))


@get(f"{CONNECTION}/test")
async def show_guest_rehearsal(request: AnyRequest, parts: GivenParts) -> Response[str]:
    guest = await guest_of(parts, request)
    return await result_page(parts, request, guest, await _connection(parts, request, guest), CONNECTION, setup_secret(parts, request))


@post(f"{CONNECTION}/switch", status_code=200)
async def switch_on_as_guest(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """On only, and only where the link says that it may be. Raises Forbidden."""
    guest, _ = await sent_by_guest(parts, request, frozenset({"on"}))
    if not guest.link.may_switch_on:
        raise Forbidden("This link does not switch the connection on. Say that it is done; the administrator who sent it does the rest.")
    connection = await _connection(parts, request, guest)
    cause = cause_of(request, guest)
    await parts.connections.change(tenant_of(request), connection.name, lambda held: replace(held, enabled=True), cause, through(guest))
    return redirect(CONNECTION)


@post(f"{GUESTS}/finish", status_code=200)
async def finish_setup(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """The link is dead then, and its cookie is forgotten."""
    guest, _ = await sent_by_guest(parts, request, frozenset())
    await _connection(parts, request, guest)
    await parts.setup_links.finish(tenant_of(request), guest.link, cause_of(request, guest))
    return await branded(parts, request, "finished.html", pages=PAGES, cookies=(parts.cookies.forget(parts.cookies.setup),))


async def _entry(parts: Parts, request: AnyRequest, token: str) -> Response[str]:
    tenant = tenant_of(request)
    link = await parts.setup_links.look(tenant, token)
    await require_administrator(parts, tenant, link)
    sender = await parts.accounts.get(tenant, link.created_by)
    form, cookies = bind_form(parts, request, ENTRY_FORM)
    # Other sites are told no address, and this one only its own name: the token stands in the address of this one page.
    headers = {"Referrer-Policy": "strict-origin"}
    return await branded(
        parts,
        request,
        "entry.html",
        pages=PAGES,
        cookies=cookies,
        headers=headers,
        form=form,
        token=token,
        link=link,
        sender=sender.name if sender else "",
    )


async def _connection(parts: Parts, request: AnyRequest, guest: Guest) -> Connection:
    connection = await connection_of(parts, request, guest)
    if connection is None:
        raise NotFound("There is no connection yet. Go back, and hand in the provider's values first.")
    return connection


def _with(guest: Guest, held: Connection, settings: dict[str, object], secrets: dict[str, str]) -> Connection:
    may_change(guest, held)
    return replace(held, settings=settings, secrets=secrets, unopened=None)


def _expected(guest: Guest, kind: str) -> None:
    """Raises NotFound for another kind than the link is for."""
    if guest.link.kind not in {None, kind}:
        raise NotFound("This link is for another kind of provider. Go back to where it led you.")
