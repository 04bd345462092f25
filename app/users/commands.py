"""What can be done with people and roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.slugs import numbered
from app.users import policy, store
from app.users.members import Sealed, User
from app.users.notices import mark_read
from app.users.roles import Role
from app.users.values import DEFAULT_ROLES, EMAIL_PURPOSE, READER, email_address, person_name, username_from
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.secrets import TenantKey, new_key
from tenants.transaction import Transaction

MOST_USERNAME_TRIES = 1000


@dataclass(frozen=True, slots=True)
class DefineDefaultRoles:
    """Give the organization the roles everybody starts with. Repeated, it changes nothing."""


@dataclass(frozen=True, slots=True)
class InviteUser:
    """Where no username is given, one is made from the address."""

    user_id: UUID
    email: str
    name: str
    role: str = READER
    username: str | None = None


@dataclass(frozen=True, slots=True)
class ActivateUser:
    user_id: UUID


@dataclass(frozen=True, slots=True)
class MarkNotificationsRead:
    """None of the ids given: all of one's own."""

    notification_ids: tuple[UUID, ...] | None = None


@handles(DefineDefaultRoles)
async def define_default_roles(_command: DefineDefaultRoles, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.system_only(who)
    existing = await store.role_names(tx)
    roles = [Role.define(new_id(), name, permissions) for name, permissions in DEFAULT_ROLES.items() if name not in existing]
    for role in roles:
        await store.insert_role(tx, role)
    return roles


@handles(InviteUser)
async def invite_user(command: InviteUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_invite(who, command.role)
    if command.role not in await store.role_names(tx):
        raise ValidationFailed({"role": f"there is no role {command.role!r} in this organization"})
    email, name = email_address(command.email), person_name(command.name)
    base = username_from(command.username or email)
    for number in range(1, MOST_USERNAME_TRIES):
        username = base if number == 1 else numbered(base, number)
        user, person = _invited(command, tx.tenant.key, username, name, email)
        try:
            if await store.insert_new(tx, user, person):
                return [user]
        except UniqueTaken:
            raise ValidationFailed({"email": "belongs to somebody in this organization already"}) from None
    raise ValidationFailed({"username": "could not be made from the address; give one yourself"})


def _invited(command: InviteUser, key: TenantKey, username: str, name: str, email: str) -> tuple[User, store.Person]:
    """The new person with a key of their own, under which all that is personal in their events is sealed."""
    wrapped = key.wrap_person_key(command.user_id, new_key())

    def seal(field: str, value: str) -> bytes:
        return key.seal_personal(command.user_id, wrapped, field, value)

    sealed = Sealed(seal("username", username), seal("name", name), seal(EMAIL_PURPOSE, email))
    person = store.Person(username, name, wrapped, key.blind_index(EMAIL_PURPOSE, email))
    return User.invite(command.user_id, command.role, sealed), person


@handles(ActivateUser)
async def activate_user(command: ActivateUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.system_only(who)
    user = await store.load(tx, command.user_id)
    user.activate()
    await store.save(tx, user)
    return [user]


@handles(MarkNotificationsRead)
async def mark_notifications_read(command: MarkNotificationsRead, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.signed_in(who)
    await mark_read(tx, who.user_id, command.notification_ids)
    return []
