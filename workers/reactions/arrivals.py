"""Somebody is invited, or wants to be reached elsewhere: they get a letter with a link that works once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.management.decisions import Decisions
from app.shared.events import from_store
from app.users import letters
from app.users.events import UserAddressGiven, UserInvited, UserInvitedAgain
from auth.addresses import Addresses
from tenants.database import repeatable
from tenants.sentences import as_sentence, sentence
from tenants.transaction import Cause, transaction
from workers.letters import Button, letter
from workers.names import harmless
from workers.reactions.registry import CallingOut, calls_out_on

if TYPE_CHECKING:
    from app.users.letters import Addressed
    from app.users.projections import Recipient


@calls_out_on("UserInvited", "UserInvitedAgain", name="users.mail_invitation", awaited=True)
async def mail_invitation(calling: CallingOut) -> None:
    """Unless they have come meanwhile, or have been invited again: then the later letter counts."""
    addressed = await _invitation(calling)
    if addressed is None:
        return
    tenant = calling.tenant
    to, name = _named(calling, addressed)
    button = Button(sentence("Join {organization}", organization=name), f"{_address(calling)}/auth/invitation?token={addressed.token}")
    decided = await Decisions(calling.database, oldest=0.0).of(tenant)
    paragraph = _invited(name, enforced=decided.enforced)
    await calling.postman.send(
        letter(
            calling.delivery_id,
            to,
            name,
            subject=sentence("Join {organization}", organization=name),
            paragraph=paragraph,
            button=button,
        )
    )


@calls_out_on("UserAddressGiven", name="users.mail_confirmation", awaited=True)
async def mail_confirmation(calling: CallingOut) -> None:
    """To the address given, unless another was given meanwhile."""
    addressed = await _confirmation(calling)
    if addressed is None:
        return
    to, name = _named(calling, addressed)
    button = Button(as_sentence("Confirm this address"), f"{_address(calling)}/auth/address?token={addressed.token}")
    paragraph = sentence(
        "Follow the link to be reached at this address by {organization} from now on. It works once, for a day. If it was not you, do nothing.",
        organization=name,
    )
    subject = sentence("Confirm your address at {organization}", organization=name)
    await calling.postman.send(letter(calling.delivery_id, to, name, subject=subject, paragraph=paragraph, button=button))


@repeatable
async def _invitation(calling: CallingOut) -> Addressed | None:
    event = calling.event
    invited = from_store(event.type, event.type_version, event.data)
    if not isinstance(invited, UserInvited | UserInvitedAgain):
        raise TypeError(f"{event.type} invites nobody")
    async with transaction(calling.database, calling.tenant, _cause(calling)) as tx:
        return await letters.invitation(tx, invited.user_id, version=event.aggregate_version, letter_id=calling.delivery_id)


@repeatable
async def _confirmation(calling: CallingOut) -> Addressed | None:
    event = calling.event
    given = from_store(event.type, event.type_version, event.data)
    if not isinstance(given, UserAddressGiven):
        raise TypeError(f"{event.type} gives no address")
    async with transaction(calling.database, calling.tenant, _cause(calling)) as tx:
        return await letters.confirmation(tx, given.user_id, sealed=given.email, letter_id=calling.delivery_id)


def _cause(calling: CallingOut) -> Cause:
    return Cause(calling.event.correlation_id, None, calling.event.id)


def _named(calling: CallingOut, addressed: Addressed) -> tuple[Recipient, str]:
    """The recipient and the organization by names that carry nothing: the address is not proven yet."""
    to = addressed.to
    return replace(to, name=harmless(to.name, "")), harmless(calling.tenant.name, calling.tenant.slug)


def _address(calling: CallingOut) -> str:
    return Addresses(calling.postman.public_url).of(calling.tenant)


def _invited(organization: str, *, enforced: bool) -> str:
    if enforced:
        return sentence(
            "You are invited to {organization}. Follow the link and sign in through its provider to come in. It works for seven days.",
            organization=organization,
        )
    return sentence(
        "You are invited to {organization}. Follow the link and choose a password to come in. It works once, for seven days.",
        organization=organization,
    )
