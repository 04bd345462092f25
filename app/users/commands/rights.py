"""Giving people another role, or rights beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.users import policy, store
from app.users.commands.people import OfPerson, others_stay, rights_of, touched
from app.users.roles import Role
from app.users.values import known_permissions
from auth import endings
from auth.principal import Principal
from tenants.errors import ValidationFailed
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ChangeRole(OfPerson):
    role: str = ""


@dataclass(frozen=True, slots=True)
class GrantPermissions(OfPerson):
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevokePermissions(OfPerson):
    permissions: tuple[str, ...] = ()


@handles(ChangeRole)
async def change_role(command: ChangeRole, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    others = await others_stay(command.user_id, tx)
    loaded = await touched(command, who, tx)
    if command.role != loaded.user.role:
        await role_given(command.role, who, tx, field="role")
    before = await rights_of(loaded, tx)
    loaded.user.change_role(command.role, others=others)
    return await with_rights(loaded, before, tx)


@handles(GrantPermissions)
async def grant_permissions(command: GrantPermissions, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    permissions = known_permissions(command.permissions)
    policy.may_give(who, permissions)
    loaded = await touched(command, who, tx)
    loaded.user.grant(permissions)
    await store.save(tx, loaded)
    return [loaded.user]


@handles(RevokePermissions)
async def revoke_permissions(command: RevokePermissions, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    permissions = known_permissions(command.permissions)
    loaded = await touched(command, who, tx)
    before = await rights_of(loaded, tx)
    loaded.user.revoke(permissions)
    return await with_rights(loaded, before, tx)


async def role_given(name: str, who: Principal, tx: Transaction, *, field: str) -> Role:
    """A role that this principal may give somebody. Raises ValidationFailed, OwnersOnly, MoreThanYouMay."""
    policy.may_touch(who, name)
    role = await store.role_named(tx, name)
    if role is None:
        raise ValidationFailed({field: f"there is no role {name!r} in this organization"})
    policy.may_give(who, frozenset(role.permissions))
    return role


async def with_rights(loaded: store.Loaded, before: frozenset[str], tx: Transaction) -> Sequence[Aggregate]:
    """Saved; whoever may do less than before has to sign in again."""
    await store.save(tx, loaded)
    if before - await rights_of(loaded, tx):
        await endings.end_sessions(tx, loaded.user.id)
    return [loaded.user]
