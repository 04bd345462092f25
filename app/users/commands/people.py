"""Suspending people, letting them back in, removing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.recording import expect_version
from app.users import policy, store
from app.users.commands.room import hold_room, require_room
from auth import endings, enforced
from auth.principal import Principal
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class OfPerson:
    """Refused where `expected_version` is given and is no longer theirs."""

    user_id: UUID
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class SuspendUser(OfPerson):
    pass


@dataclass(frozen=True, slots=True)
class ReactivateUser(OfPerson):
    pass


@dataclass(frozen=True, slots=True)
class RemoveUser(OfPerson):
    """Of oneself: leave."""


@handles(SuspendUser)
async def suspend_user(command: SuspendUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    policy.not_oneself(who, command.user_id)
    others = await others_stay(command.user_id, tx)
    loaded = await touched(command, who, tx)
    loaded.user.suspend(others=others)
    await store.save(tx, loaded)
    if loaded.user.recorded:
        await endings.end_sessions(tx, command.user_id)
    return [loaded.user]


@handles(ReactivateUser)
async def reactivate_user(command: ReactivateUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Sessions that ended when they were suspended stay ended: they sign in anew."""
    policy.may_manage(who)
    await hold_room(tx)
    loaded = await touched(command, who, tx)
    policy.may_give(who, await rights_of(loaded, tx))
    loaded.user.reactivate()
    await store.save(tx, loaded)
    if loaded.user.recorded:
        await require_room(tx, coming=0)
    return [loaded.user]


@handles(RemoveUser)
async def remove_user(command: RemoveUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Their password and every link that was sent to them go, too: should they come back, they choose a new one."""
    policy.signed_in_or_system(who)
    others = await others_stay(command.user_id, tx)
    loaded = await touched(command, who, tx, own=True)
    loaded.user.remove(others=others)
    await store.save(tx, loaded)
    if loaded.user.recorded:
        await endings.end_everything(tx, command.user_id)
    return [loaded.user]


async def others_stay(user_id: UUID, tx: Transaction) -> int:
    """How many other owners there are, for whoever is about to lose their place. Raises BreakGlassNamed."""
    others = await store.other_owners(tx, user_id)
    await enforced.keep_person(tx, user_id)
    return others


async def touched(command: OfPerson, who: Principal, tx: Transaction, *, own: bool = False) -> store.Loaded:
    """Somebody whom this principal may do something to; `own`: unless they manage people, to themselves alone.

    Raises UserNotFound, Forbidden, OwnersOnly, ChangedMeanwhile.
    """
    loaded = await store.load(tx, command.user_id)
    if own:
        policy.may_manage_or_be(who, command.user_id)
    if who.user_id != command.user_id:
        policy.may_touch(who, loaded.user.role)
    expect_version(loaded.user, command.expected_version)
    return loaded


async def rights_of(loaded: store.Loaded, tx: Transaction) -> frozenset[str]:
    """By role and by grant."""
    role = await store.role_named(tx, loaded.user.role)
    return frozenset(loaded.user.permissions) | frozenset(role.permissions if role else ())
