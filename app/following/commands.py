"""Following and no longer following. None of it is an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.following import policy, store
from app.following.errors import TargetNotFound, TooMuchFollowed
from app.following.values import MOST_FOLLOWED, Kind, Target
from app.shared.aggregates import Aside
from app.shared.commands import handles
from auth.principal import Principal
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Follow:
    followed: Target


@dataclass(frozen=True, slots=True)
class Unfollow:
    """Also what there is no longer."""

    followed: Target


@dataclass(frozen=True, slots=True)
class PassFollowersOn:
    """Of tags or categories that are merged, in the same transaction and before they are gone, when their posts have gone along."""

    kind: Kind
    merged: tuple[UUID, ...]
    into: UUID


@handles(Follow)
async def follow(command: Follow, who: Principal, tx: Transaction) -> Sequence[Aside]:
    """Raises TargetNotFound, OwnFollower, TooMuchFollowed."""
    target = command.followed
    user_id = policy.may_follow(who, target)
    if not await store.hold(tx, target):
        raise TargetNotFound(target.kind.lower())
    if await store.follows(tx, user_id, target):
        return [Aside(target.id, changed=False)]
    if await store.count_alone(tx, user_id) >= MOST_FOLLOWED:
        raise TooMuchFollowed(MOST_FOLLOWED)
    return [Aside(target.id, changed=await store.follow(tx, user_id, target))]


@handles(Unfollow)
async def unfollow(command: Unfollow, who: Principal, tx: Transaction) -> Sequence[Aside]:
    return [Aside(command.followed.id, changed=await store.unfollow(tx, policy.follower(who), command.followed))]


@handles(PassFollowersOn)
async def pass_followers_on(command: PassFollowersOn, who: Principal, tx: Transaction) -> Sequence[Aside]:
    policy.may_pass_on(who)
    return [Aside(command.into, changed=bool(await store.pass_on(tx, command.kind, command.merged, command.into)))]
