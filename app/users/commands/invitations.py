"""Inviting people, and their coming in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.slugs import numbered
from app.shared.violations import Violations
from app.users import policy, store
from app.users.commands.profiles import revise
from app.users.commands.rights import role_given
from app.users.commands.room import hold_room, require_room
from app.users.errors import AddressTaken
from app.users.members import GONE, User
from app.users.profiles import Preferences, Profile
from app.users.sealing import PersonalKey
from app.users.values import EMAIL_PURPOSE, READER, email_address, person_name, username_from
from auth import endings
from auth.links import spend, whose
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.errors import ValidationFailed
from tenants.secrets import new_key
from tenants.transaction import Transaction

MOST_USERNAME_TRIES = 1000


@dataclass(frozen=True, slots=True)
class InviteUser:
    """Where no username is given, one is made from the address. Whoever was invited before, or has left, is invited again as they are."""

    user_id: UUID
    email: str
    name: str
    role: str = READER
    username: str | None = None


@dataclass(frozen=True, slots=True)
class ActivateUser:
    """Let an invited person sign in, who is vouched for."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """Whoever has the link comes in: with this password and, if they like, another name."""

    token: str
    password_hash: str
    changes: Mapping[str, str | None] = field(default_factory=dict)


@handles(InviteUser)
async def invite_user(command: InviteUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_invite(who)
    wrong = Violations()
    email, name = wrong.read(lambda: email_address(command.email), ""), wrong.read(lambda: person_name(command.name), "")
    await hold_room(tx)
    await wrong.beside(role_given(command.role, who, tx, field="role"))
    known = await store.load_by_address(tx, email)
    if known is not None:
        return [await _invited_again(known, command.role, who, tx)]
    await require_room(tx, coming=1)
    return [await invited(command, email, name, tx)]


async def _invited_again(known: store.Loaded, role: str, who: Principal, tx: Transaction) -> User:
    user = known.user
    policy.may_touch(who, user.role)
    if user.status not in GONE and user.status.value != "invited":
        raise AddressTaken
    coming = user.status in GONE
    user.invite_again(role)
    await endings.withdraw_links(tx, user.id)
    await store.save(tx, known)
    if coming:
        await require_room(tx, coming=0)
    return user


async def invited(command: InviteUser, email: str, name: str, tx: Transaction) -> User:
    """The new person with a key of their own, under which all that is personal in their events is sealed."""
    key = PersonalKey(tx.tenant.key, command.user_id, tx.tenant.key.wrap_person_key(command.user_id, new_key()))
    base = username_from(command.username or email)
    for number in range(1, MOST_USERNAME_TRIES):
        profile = Profile(base if number == 1 else numbered(base, number), name)
        user = User.invite(command.user_id, command.role, key.seal_profile(profile), key.seal_email(email))
        person = store.Person(profile, Preferences(), key, tx.tenant.key.blind_index(EMAIL_PURPOSE, email))
        try:
            if await store.insert_new(tx, user, person):
                return user
        except UniqueTaken:
            raise AddressTaken from None
    raise ValidationFailed({"username": "could not be made from the address; give one yourself"})


@handles(ActivateUser)
async def activate_user(command: ActivateUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.system_only(who)
    await hold_room(tx)
    loaded = await store.load(tx, command.user_id)
    loaded.user.activate()
    await store.save(tx, loaded)
    if loaded.user.recorded:
        await require_room(tx, coming=0)
    return [loaded.user]


@handles(AcceptInvitation)
async def accept_invitation(command: AcceptInvitation, _who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """The link is the right to do this; it is spent only when all of it worked. Raises LinkSpent, NotInvited, QuotaExceeded."""
    user_id = await whose(tx, command.token, "invitation")
    await hold_room(tx)
    loaded = await store.load(tx, user_id)
    await spend(tx, command.token, "invitation")
    loaded.user.activate(tx.now)
    await revise(loaded, command.changes, tx)
    await require_room(tx, coming=0)
    await endings.withdraw_links(tx, loaded.user.id)
    await endings.give_password(tx, loaded.user.id, command.password_hash)
    return [loaded.user]
