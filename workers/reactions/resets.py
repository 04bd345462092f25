"""Somebody has asked for a new password: whose address it is gets a letter that says what applies to them, and nobody else learns of it."""

from __future__ import annotations

from dataclasses import replace
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
from tenants.sentences import as_sentence, sentence
from tenants.transaction import Cause, transaction
from workers.letters import Button, letter
from workers.names import harmless
from workers.reactions.registry import FiringOut, fires_out

if TYPE_CHECKING:
    from app.users.letters import Addressed, Forgetful

_TOLD_INSTEAD = frozenset({"active", "invited"})

log = structlog.get_logger(__name__)


@fires_out(ASKED_TIMER, awaited=True)
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
    elif person.status in _TOLD_INSTEAD:
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
    paragraph = sentence(
        "Somebody, probably you, asked for a new password at {organization}. Follow the link to choose one; it works once, for an hour. "
        "If it was not you, do nothing: your password stays as it is.",
        organization=tenant.name,
    )
    button = Button(as_sentence("Choose a new password"), f"{_address(firing)}/auth/reset?token={addressed.token}")
    subject = sentence("A new password for {organization}", organization=tenant.name)
    await firing.postman.send(letter(firing.delivery_id, addressed.to, tenant.name, subject=subject, paragraph=paragraph, button=button))


async def _send_instead(firing: FiringOut, person: Forgetful) -> None:
    tenant = firing.tenant
    async with firing.database.reading(tenant.place) as connection:
        to, ways = await letters.reached(connection, tenant, person.user_id), await letters.ways_in(connection, person)
    if to is None:
        return
    # Who was invited has not proven yet that the address is theirs.
    proven = person.status == "active"
    name, to = (tenant.name, to) if proven else (harmless(tenant.name, tenant.slug), replace(to, name=harmless(to.name, "")))
    button = Button(sentence("Open {organization}", organization=name), f"{_address(firing)}/auth/login")
    subject, paragraph = sentence("Signing in to {organization}", organization=name), _instead(name, ways if proven else None)
    await firing.postman.send(letter(firing.delivery_id, to, name, subject=subject, paragraph=paragraph, button=button))


def _instead(organization: str, ways: list[str] | None) -> str:
    """`ways`: the providers of somebody who comes in; None for somebody who has not come yet."""
    if ways is None:
        return sentence(
            "Somebody, probably you, asked for a new password at {organization}. You were invited there and have not come in yet: follow the link "
            "in the invitation. If it is too old, ask the person who invited you to do it again.",
            organization=organization,
        )
    return sentence(
        "Somebody, probably you, asked for a new password at {organization}. You need none there: you sign in with {ways}, "
        "which is also where a forgotten password is renewed.",
        organization=organization,
        ways=_either(ways),
    )


def _either(ways: list[str]) -> str:
    *others, last = ways or ["?"]
    return sentence("{one} or {other}", one=_either(others), other=last) if others else last


def _address(firing: FiringOut) -> str:
    return Addresses(firing.postman.public_url).of(firing.tenant)
