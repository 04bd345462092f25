"""When readers see a post, and when no longer; putting it away, and bringing it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.content import lookups, policy, store
from app.content.commands.room import require_room
from app.content.commands.steps import Step, Verb, load, save, step
from app.content.posts import Post
from app.content.states import Status
from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.unset import UNSET, Unset
from auth.principal import Principal
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class PublishPost(Step):
    pass


@dataclass(frozen=True, slots=True)
class SchedulePost(Step):
    """Where `expires_at` is UNSET, it stays as it is."""

    publish_at: datetime = field(kw_only=True)
    expires_at: datetime | Unset | None = field(default=UNSET, kw_only=True)


@dataclass(frozen=True, slots=True)
class SetPostExpiry(Step):
    """`expires_at`: None for never."""

    expires_at: datetime | None = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class UnpublishPost(Step):
    pass


@dataclass(frozen=True, slots=True)
class ArchivePost(Step):
    pass


@dataclass(frozen=True, slots=True)
class DeletePost(Step):
    pass


@dataclass(frozen=True, slots=True)
class RestorePost(Step):
    pass


@dataclass(frozen=True, slots=True)
class PublishScheduledPost:
    """What was scheduled for `due` is due."""

    post_id: UUID
    due: datetime


@dataclass(frozen=True, slots=True)
class ExpirePost:
    """What was to expire at `due` is due."""

    post_id: UUID
    due: datetime


@dataclass(frozen=True, slots=True)
class TakeUpCopiedPosts:
    """The organization was copied at `since`, and its timers were not: what was scheduled is approved again, what expires still does."""

    since: datetime


@handles(PublishPost)
async def publish_post(command: PublishPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await step(command, who, tx, policy.may_publish, lambda post: post.publish(tx.now))


@handles(SchedulePost)
async def schedule_post(command: SchedulePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    def schedule(post: Post) -> None:
        expires_at = post.expires_at if command.expires_at is UNSET else command.expires_at
        post.schedule(command.publish_at, tx.now, expires_at)

    return await step(command, who, tx, policy.may_publish, schedule)


@handles(SetPostExpiry)
async def set_post_expiry(command: SetPostExpiry, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await step(command, who, tx, policy.may_publish, lambda post: post.expire_at(command.expires_at, tx.now))


@handles(UnpublishPost)
async def unpublish_post(command: UnpublishPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await step(command, who, tx, policy.may_publish, Post.unpublish)


@handles(ArchivePost)
async def archive_post(command: ArchivePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await step(command, who, tx, policy.may_put_away, Post.archive)


@handles(DeletePost)
async def delete_post(command: DeletePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await step(command, who, tx, policy.may_put_away, Post.delete)


@handles(RestorePost)
async def restore_post(command: RestorePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    loaded = await load(command.post_id, command.expected_version, who, tx, policy.may_restore)
    if loaded.post.status is Status.DELETED:
        await require_room(tx)
    loaded.post.restore()
    await save(tx, loaded)
    return [loaded.post]


@handles(PublishScheduledPost)
async def publish_scheduled_post(command: PublishScheduledPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _when_due(command.post_id, who, tx, lambda post: post.publish_as_scheduled(command.due, tx.now))


@handles(ExpirePost)
async def expire_post(command: ExpirePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _when_due(command.post_id, who, tx, lambda post: post.expire(command.due, tx.now))


@handles(TakeUpCopiedPosts)
async def take_up_copied_posts(command: TakeUpCopiedPosts, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Nothing is published that nobody here decided; nothing is shown for longer than was decided."""
    policy.only_the_system(who)
    for row in await tx.connection.fetch(lookups.LEFT_TO_EXPIRE, since=command.since):
        await tx.schedule(store.EXPIRE, row["id"], row["expires_at"])
    taken: list[Aggregate] = []
    for row in await tx.connection.fetch(lookups.LEFT_SCHEDULED, since=command.since):
        loaded = await store.load(tx, row["id"])
        if loaded.post.status is Status.SCHEDULED:
            loaded.post.unpublish()
            await save(tx, loaded)
            taken.append(loaded.post)
    return taken


async def _when_due(post_id: UUID, who: Principal, tx: Transaction, verb: Verb) -> Sequence[Aggregate]:
    policy.only_the_system(who)
    loaded = await store.load(tx, post_id)
    verb(loaded.post)
    await save(tx, loaded)
    return [loaded.post]
