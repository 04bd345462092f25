"""What people can have done with comments. Each handler: policy, load, verb, save."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.comments import guests, policy, store
from app.comments.comments import Comment
from app.comments.errors import PostNotFound, PostNotPublished
from app.comments.sealing import EMAIL_PURPOSE, signed
from app.comments.spam import looks_like_spam
from app.comments.values import AT_ONCE, MOST_AT_ONCE, Guest, Waiting, comment_body
from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.recording import expect_version
from auth.principal import Principal
from tenants.errors import RateLimited, Unauthenticated, ValidationFailed
from tenants.transaction import Transaction

RECENTLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AddComment:
    """A reply where `parent_id` is given. By a guest where nobody is signed in; `visitor`: see `auth.http.context.visitor_of`."""

    comment_id: UUID
    post_id: UUID
    body: str
    parent_id: UUID | None = None
    guest: Guest | None = None
    visitor: bytes = b""


@dataclass(frozen=True, slots=True)
class Step:
    """Refused where `expected_version` is given and is no longer the comment's."""

    comment_id: UUID
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class EditComment(Step):
    body: str = ""


@dataclass(frozen=True, slots=True)
class ApproveComment(Step):
    pass


@dataclass(frozen=True, slots=True)
class RejectComment(Step):
    pass


@dataclass(frozen=True, slots=True)
class DeleteComment(Step):
    pass


@dataclass(frozen=True, slots=True)
class EraseGuest:
    """Who wrote a comment as a guest, in it and in whatever else was written from the same address. There is no way back."""

    comment_id: UUID


@handles(AddComment)
async def add_comment(command: AddComment, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    if who.user_id is None:
        return await _add_as_guest(command, who, tx)
    if command.guest is not None:
        raise ValidationFailed({"guest": "is for people who are not signed in; leave it out, your name stands there already"})
    author = who.user_id
    body = comment_body(command.body)
    post = await _open_post(command.post_id, who, tx)
    parent = await _parent(command, who, tx)
    await _require_patience(author, tx)
    waits = await _waits(command.comment_id, body, who, author, tx)
    comment = Comment.add(command.comment_id, post.subject, author, body, tx.now, waits=waits, parent=parent)
    await store.insert_new(tx, comment)
    return [comment]


async def _add_as_guest(command: AddComment, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """It always waits for a moderator. Raises Unauthenticated where guests are not welcome, RateLimited."""
    policy.may_be_guest(who, welcome=await guests.welcome(tx))
    body = comment_body(command.body)
    guest = command.guest
    if guest is None:
        raise ValidationFailed({"guest": "is missing: say who you are, with name and email, or sign in first"})
    post = await _open_post(command.post_id, who, tx)
    parent = await _parent(command, who, tx)
    if await guests.too_many_wait(tx):
        raise RateLimited("So many comments wait for a moderator that guests have to wait, too; try again in an hour.", retry_after=3600)
    signature, sealed = signed(tx.tenant.key, command.comment_id, guest)
    if not await guests.take_turns(tx, signature.email_index, command.visitor):
        raise RateLimited(
            "You have said as much today as guests may; try again tomorrow, or sign in.", retry_after=guests.seconds_to_next_day(tx.now)
        )
    recent = await guests.said(tx, tx.tenant.key.blind_indexes(EMAIL_PURPOSE, guest.email), since=tx.now - RECENTLY)
    waits = Waiting.SPAM if looks_like_spam(body, recent) else Waiting.GUEST
    comment = Comment.add(command.comment_id, post.subject, None, body, tx.now, waits=waits, parent=parent, guest=sealed)
    await store.insert_new(tx, comment, signature)
    return [comment]


@handles(EraseGuest)
async def erase_guest(command: EraseGuest, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_moderate(who)
    written = await guests.by_the_same(tx, command.comment_id) or [command.comment_id]
    loaded = {comment_id: await store.load(tx, comment_id) for comment_id in written}
    for one in loaded.values():
        one.comment.erase_guest(who.user_id)
        await store.save(tx, one)
        if one.comment.recorded:
            await guests.note_erasure(tx, one.comment.id)
    asked = loaded.pop(command.comment_id)
    return [asked.comment, *(one.comment for one in loaded.values())]


@handles(EditComment)
async def edit_comment(command: EditComment, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    author = _person(who)
    body = comment_body(command.body)
    loaded, post = await _load(command, who, tx, policy.may_edit)
    loaded.comment.edit(post.subject, body, tx.now, waits=await _waits(command.comment_id, body, who, author, tx))
    await store.save(tx, loaded)
    return [loaded.comment]


@handles(ApproveComment)
async def approve_comment(command: ApproveComment, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_moderate(who)
    loaded, post = await _load(command, who, tx)
    loaded.comment.approve(post.subject, who.user_id, tx.now)
    await store.save(tx, loaded)
    return [loaded.comment]


@handles(RejectComment)
async def reject_comment(command: RejectComment, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_moderate(who)
    loaded, _ = await _load(command, who, tx)
    loaded.comment.reject(who.user_id, tx.now)
    await store.save(tx, loaded)
    return [loaded.comment]


@handles(DeleteComment)
async def delete_comment(command: DeleteComment, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    loaded, _ = await _load(command, who, tx, policy.may_delete)
    loaded.comment.delete(who.user_id, has_replies=await store.has_replies(tx, command.comment_id))
    await store.save(tx, loaded)
    return [loaded.comment]


async def _load(
    command: Step, who: Principal, tx: Transaction, allowed: Callable[[Principal, Comment], None] | None = None
) -> tuple[store.Loaded, store.Post]:
    """Who may not do it hears nothing of the comment's versions."""
    loaded = await store.load(tx, command.comment_id)
    post = await store.post(tx, loaded.comment.post, who.user_id)
    if post is None:
        raise PostNotFound
    policy.visible(who, loaded.comment, post_readable=_readable(post, who))
    if allowed:
        allowed(who, loaded.comment)
    expect_version(loaded.comment, command.expected_version)
    return loaded, post


async def _open_post(post_id: UUID, who: Principal, tx: Transaction) -> store.Post:
    """Raises PostNotFound, PostNotPublished."""
    post = await _post(post_id, who, tx)
    if not post.published:
        raise PostNotPublished("Only published posts can be commented on; wait until this one is.")
    return post


async def _post(post_id: UUID, who: Principal, tx: Transaction) -> store.Post:
    post = await store.post(tx, post_id, who.user_id)
    if post is None or not _readable(post, who):
        raise PostNotFound
    return post


def _readable(post: store.Post, who: Principal) -> bool:
    return post.published or post.edited or who.may("content.read_drafts") or who.user_id == post.subject.author_id


async def _parent(command: AddComment, who: Principal, tx: Transaction) -> Comment | None:
    if command.parent_id is None:
        return None
    parent = await store.load_parent(tx, command.parent_id)
    policy.visible(who, parent, post_readable=parent.post_id == command.post_id)
    if parent.post_id != command.post_id:
        raise ValidationFailed({"parentId": "is a comment on another post"})
    return parent


async def _require_patience(author: UUID, tx: Transaction) -> None:
    """Raises RateLimited where this person has just added as many comments as they may."""
    since = await store.too_many_since(tx, author)
    if since is not None:
        seconds = max(1, math.ceil((since + AT_ONCE - tx.now).total_seconds()))
        minutes = int(AT_ONCE.total_seconds() // 60)
        raise RateLimited(f"At most {MOST_AT_ONCE} comments in {minutes} minutes; try again in {seconds} seconds.", retry_after=seconds)


async def _waits(comment_id: UUID, body: str, who: Principal, author: UUID, tx: Transaction) -> Waiting | None:
    recent = await store.recent(tx, author, besides=comment_id, since=tx.now - RECENTLY)
    return policy.waits(who, await store.moderation(tx), known=await store.known(tx, author), spam=looks_like_spam(body, recent))


def _person(who: Principal) -> UUID:
    if who.user_id is None:
        raise Unauthenticated(policy.SIGN_IN)
    return who.user_id
