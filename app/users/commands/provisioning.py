"""People whom an identity provider provisions: made, found, changed and suspended as it says, within the organization's own rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.users import policy, store
from app.users.commands.invitations import InviteUser, invited
from app.users.commands.people import OfPerson, rights_of, touched
from app.users.commands.rights import with_rights
from app.users.commands.room import hold_room, require_room
from app.users.errors import AddressTaken, OwnersOnly, UserNotFound
from app.users.members import GONE, Status, User
from app.users.values import EMAIL_PURPOSE, OWNER, email_address, person_name
from auth import endings, enforced
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.errors import ValidationFailed
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ProvisionUser:
    """Whoever has this address already becomes the provider's as they are; somebody new is made, with this id and role."""

    user_id: UUID
    email: str
    name: str
    active: bool
    role: str


@dataclass(frozen=True, slots=True)
class ReviseProvisioned(OfPerson):
    """`active`: None leaves it as it is. `role`: with which somebody who was removed comes back."""

    email: str = ""
    name: str = ""
    active: bool | None = None
    role: str = ""


@dataclass(frozen=True, slots=True)
class FollowGroups(OfPerson):
    """The role that their groups give them now. An owner stays one."""

    role: str = ""


@handles(ProvisionUser)
async def provision_user(command: ProvisionUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Raises ValidationFailed, LastOwner, QuotaExceeded."""
    policy.system_only(who)
    email, name = email_address(command.email), person_name(command.name)
    await hold_room(tx)
    owners: set[UUID] = set() if command.active else await store.owners(tx)
    loaded = await store.load_by_address(tx, email) or await _made(command, email, name, tx)
    was = loaded.row["status"]
    await _stand(loaded.user, command.role, owners, tx, active=command.active)
    _call(loaded, name)
    return await _saved(loaded, was, tx)


@handles(ReviseProvisioned)
async def revise_provisioned(command: ReviseProvisioned, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Raises Conflict where the person is no longer at the expected version, and as `provision_user`."""
    policy.system_only(who)
    email, name = email_address(command.email), person_name(command.name)
    await hold_room(tx)
    owners: set[UUID] = await store.owners(tx) if command.active is False else set()
    loaded = await touched(command, who, tx)
    if loaded.person is None:
        raise UserNotFound
    was = loaded.row["status"]
    if command.active is not None:
        await _stand(loaded.user, command.role, owners, tx, active=command.active)
    if loaded.user.status not in GONE:
        await _reach(loaded, email, tx)
        _call(loaded, name)
    return await _saved(loaded, was, tx)


@handles(FollowGroups)
async def follow_groups(command: FollowGroups, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Whoever may do less than before has to sign in again. Raises ValidationFailed where there is no such role."""
    policy.system_only(who)
    loaded = await touched(command, who, tx)
    user = loaded.user
    if user.status in GONE or OWNER in {user.role, command.role} or user.role == command.role:
        return [user]
    await _role_there(command.role, tx)
    before = await rights_of(loaded, tx)
    user.change_role(command.role, others=1)
    return await with_rights(loaded, before, tx)


async def _made(command: ProvisionUser, email: str, name: str, tx: Transaction) -> store.Loaded:
    await _role_there(command.role, tx)
    await require_room(tx, coming=1)
    user = await invited(InviteUser(command.user_id, email, name, command.role), email, name, tx)
    return replace(await store.load(tx, user.id), user=user)


async def _stand(user: User, role: str, owners: set[UUID], tx: Transaction, *, active: bool) -> None:
    """Let in, or kept out. Nobody who has left comes back by being kept out."""
    if active and user.status is Status.REMOVED:
        await _role_there(role, tx)
        user.invite_again(role)
    if user.status is Status.INVITED:
        user.activate(tx.now)
    if active and user.status is Status.SUSPENDED:
        user.reactivate()
    elif not active and user.status is Status.ACTIVE:
        await enforced.keep_person(tx, user.id)
        user.suspend(others=len(owners - {user.id}))


async def _reach(loaded: store.Loaded, email: str, tx: Transaction) -> None:
    """At another address, that the provider vouches for."""
    user, person = loaded.user, loaded.person
    assert person is not None  # noqa: S101 - whoever is here was not erased
    if user.email is not None and person.key.open_email(user.email) == email:
        return
    if user.role == OWNER:
        raise OwnersOnly("An owner's address is changed by themselves: whoever reads what is sent to it comes in as an owner.")
    other = await store.load_by_address(tx, email)
    if other is not None and other.user.id != user.id:
        raise AddressTaken
    user.vouch_address(person.key.seal_email(email), tx.now)
    loaded.person = replace(person, email_index=tx.tenant.key.blind_index(EMAIL_PURPOSE, email))
    await endings.withdraw_links(tx, user.id, "address")
    await endings.withdraw_links(tx, user.id, "reset")  # they went to the address before


def _call(loaded: store.Loaded, name: str) -> None:
    user, person = loaded.user, loaded.person
    if person is None or user.status in GONE or person.profile.name == name:
        return
    profile = person.profile.revised({"name": name})
    user.change_profile(person.key.seal_profile(profile))
    loaded.person = replace(person, profile=profile)


async def _saved(loaded: store.Loaded, was: str, tx: Transaction) -> Sequence[Aggregate]:
    """Whoever is kept out from now on is so at once; whoever comes in needs room, and no invitation any more."""
    user = loaded.user
    try:
        await store.save(tx, loaded)
    except UniqueTaken:
        raise AddressTaken from None
    if user.status.value != was and user.status is Status.SUSPENDED:
        await endings.end_sessions(tx, user.id)
    if user.status.value != was and user.status is Status.ACTIVE:
        await require_room(tx, coming=0)
        await endings.withdraw_links(tx, user.id)
    return [user]


async def _role_there(role: str, tx: Transaction) -> None:
    if await store.role_named(tx, role) is None:
        raise ValidationFailed({"role": f"of the connection: there is no role {role!r} in this organization; an administrator has to choose another"})
