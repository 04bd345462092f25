"""What readers can have done with posts. None of it is an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.engagement import policy, store
from app.engagement.errors import PostNotFound
from app.engagement.projections import count_soon
from app.engagement.values import MOST_SHARES_A_DAY, day_of, next_day, viewer_key
from app.shared.aggregates import Aside
from app.shared.commands import handles
from auth.principal import Principal
from tenants.errors import RateLimited
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RecordPostView:
    """`visitor` stands for readers who are nobody; see `auth.http.context.visitor_of`."""

    post_id: UUID
    visitor: bytes = b""


@dataclass(frozen=True, slots=True)
class LikePost:
    post_id: UUID


@dataclass(frozen=True, slots=True)
class UnlikePost:
    post_id: UUID


@dataclass(frozen=True, slots=True)
class SharePost:
    post_id: UUID
    visitor: bytes = b""


@handles(RecordPostView)
async def record_post_view(command: RecordPostView, who: Principal, tx: Transaction) -> Sequence[Aside]:
    """Looking at what is not public yet counts for nothing."""
    post = await _post(command.post_id, who, tx)
    if not post.published:
        return [Aside(command.post_id, changed=False)]
    day = day_of(tx.now)
    viewer = viewer_key(await store.salt(tx, day), _identity(who, command.visitor))
    return await _noted(command.post_id, tx, changed=await store.view(tx, command.post_id, day, viewer))


@handles(LikePost)
async def like_post(command: LikePost, who: Principal, tx: Transaction) -> Sequence[Aside]:
    user_id = policy.person(who)
    post = await _post(command.post_id, who, tx)
    policy.public(published=post.published)
    return await _noted(command.post_id, tx, changed=await store.like(tx, command.post_id, user_id, day_of(tx.now)))


@handles(UnlikePost)
async def unlike_post(command: UnlikePost, who: Principal, tx: Transaction) -> Sequence[Aside]:
    """Also of a post that is public no longer: a like can always be taken back."""
    user_id = policy.person(who)
    changed = await store.unlike(tx, command.post_id, user_id)
    if not changed:
        await _post(command.post_id, who, tx)
    return await _noted(command.post_id, tx, changed=changed)


@handles(SharePost)
async def share_post(command: SharePost, who: Principal, tx: Transaction) -> Sequence[Aside]:
    """Raises RateLimited."""
    post = await _post(command.post_id, who, tx)
    policy.public(published=post.published)
    day = day_of(tx.now)
    sharer = viewer_key(await store.salt(tx, day), _identity(who, command.visitor))
    if not await store.share(tx, command.post_id, day, sharer):
        wait = int((next_day(tx.now) - tx.now).total_seconds()) + 1
        raise RateLimited(f"One may share {MOST_SHARES_A_DAY} times a day; try again tomorrow.", retry_after=wait)
    return await _noted(command.post_id, tx, changed=True)


async def _post(post_id: UUID, who: Principal, tx: Transaction) -> store.Post:
    post = await store.post(tx, post_id, who.user_id)
    if post is None:
        raise PostNotFound
    policy.may_read(who, public=post.public)
    policy.visible(who, published=post.published, writes=post.writes)
    return post


async def _noted(post_id: UUID, tx: Transaction, *, changed: bool) -> Sequence[Aside]:
    if changed:
        await count_soon(tx)
    return [Aside(post_id, changed=changed)]


def _identity(who: Principal, visitor: bytes) -> bytes:
    return who.user_id.bytes if who.user_id else visitor
