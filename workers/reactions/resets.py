"""Somebody has asked for a new password: whose address it is gets a letter that says what applies to them, and nobody else learns of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from app.management.decisions import Decisions
from app.users import letters
from auth.addresses import Addresses
from auth.native import MODULE
from auth.resets import ASKED_TIMER, MAILED, opened_login
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.secrets import Undecipherable
from tenants.transaction import Cause, transaction
from workers.letters import Button, letter
from workers.reactions.registry import FiringOut, fires_out

if TYPE_CHECKING:
    from app.users.letters import Addressed, Forgetful

log = structlog.get_logger(__name__)


@fires_out(ASKED_TIMER)
async def mail_reset(firing: FiringOut) -> None:
    """People who were suspended or have left get nothing; who never came in, or comes through a provider or has to, is told so."""
    person = await _person(firing)
    if person is None:
        return
    decided = await Decisions(firing.database, oldest=0.0).of(firing.tenant)
    if person.gets_link and decided.admits(person.user_id):
        addressed = await _linked(firing, person)
        if addressed is not None:
            await _send_link(firing, addressed)
    elif person.status in _INSTEAD:
        await _send_instead(firing, person)


async def _person(firing: FiringOut) -> Forgetful | None:
    try:
        login = opened_login(firing.tenant, firing.data["login"])
    except Undecipherable:
        log.warning("a request for a new password outlived the key it was under; whoever made it asks again", tenant=firing.tenant.slug)
        return None
    async with firing.database.reading(firing.tenant.place) as connection:
        return await letters.forgetful(connection, firing.tenant, login)


@repeatable
async def _linked(firing: FiringOut, person: Forgetful) -> Addressed | None:
    cause = Cause(UUID(firing.data["correlation_id"]), None, firing.timer_id)
    async with transaction(firing.database, firing.tenant, cause) as tx:
        addressed, new = await letters.reset(tx, person.user_id, letter_id=firing.delivery_id)
        if new:
            await tell_in(tx, Happened(MAILED, MODULE, cause.correlation_id, user_id=person.user_id))
        return addressed


async def _send_link(firing: FiringOut, addressed: Addressed) -> None:
    tenant = firing.tenant
    paragraph = (
        f"Somebody, probably you, asked for a new password at {tenant.name}. Follow the link to choose one; it works once, for an hour. "
        "If it was not you, do nothing: your password stays as it is."
    )
    button = Button("Choose a new password", f"{_address(firing)}/auth/reset?token={addressed.token}")
    subject = f"A new password for {tenant.name}"
    await firing.postman.send(letter(firing.delivery_id, addressed.to, tenant.name, subject=subject, paragraph=paragraph, button=button))


async def _send_instead(firing: FiringOut, person: Forgetful) -> None:
    tenant = firing.tenant
    async with firing.database.reading(tenant.place) as connection:
        to, ways = await letters.reached(connection, tenant, person.user_id), await letters.ways_in(connection, person)
    if to is None:
        return
    paragraph = _INSTEAD[person.status].format(organization=tenant.name, ways=" or ".join(ways))
    button = Button(f"Open {tenant.name}", f"{_address(firing)}/auth/login")
    await firing.postman.send(letter(firing.delivery_id, to, tenant.name, subject=f"Signing in to {tenant.name}", paragraph=paragraph, button=button))


def _address(firing: FiringOut) -> str:
    return Addresses(firing.postman.public_url).of(firing.tenant)


_INSTEAD = {
    "active": (
        "Somebody, probably you, asked for a new password at {organization}. You need none there: you sign in with {ways}, "
        "which is also where a forgotten password is renewed."
    ),
    "invited": (
        "Somebody, probably you, asked for a new password at {organization}. You were invited there and have not come in yet: follow the link "
        "in the invitation. If it is too old, ask the person who invited you to do it again."
    ),
}
