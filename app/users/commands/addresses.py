"""Another address: given by the person, confirmed by the link that is sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.users import policy, store
from app.users.commands.people import OfPerson, touched
from app.users.errors import AddressTaken, UserNotFound
from app.users.values import EMAIL_PURPOSE, email_address
from auth import endings
from auth.links import spend, whose
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class GiveAddress(OfPerson):
    email: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmAddress:
    """Whoever has the link reads what is sent to the address."""

    token: str


@handles(GiveAddress)
async def give_address(command: GiveAddress, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """One's own only. Links sent to an address given before are useless from now on."""
    policy.signed_in(who)
    email = email_address(command.email)
    loaded = await touched(command, who, tx)
    user, person = loaded.user, loaded.person
    if who.user_id != command.user_id or person is None or user.email is None:
        raise UserNotFound
    if user.verified_at is not None and person.key.open_email(user.email) == email:
        return [user]
    user.give_address(person.key.seal_email(email))
    await endings.withdraw_links(tx, user.id, "address")
    await store.save(tx, loaded)
    return [user]


@handles(ConfirmAddress)
async def confirm_address(command: ConfirmAddress, _who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Raises LinkSpent, NotActive, and ValidationFailed where the address has become somebody else's meanwhile."""
    user_id = await whose(tx, command.token, "address")
    await store.hold_addresses(tx)
    loaded = await store.load(tx, user_id)
    await spend(tx, command.token, "address")
    user, person = loaded.user, loaded.person
    if person is None:
        raise UserNotFound
    user.confirm_address(tx.now)
    email = person.key.open_email(user.email or b"")
    other = await store.load_by_address(tx, email)
    if other is not None and other.user.id != user.id:
        raise AddressTaken
    await endings.withdraw_links(tx, user.id, "reset")  # they went to the address before
    loaded.person = replace(person, email_index=tx.tenant.key.blind_index(EMAIL_PURPOSE, email))
    try:
        await store.save(tx, loaded)
    except UniqueTaken:
        raise AddressTaken from None
    return [user]
