"""What people can have done with posts. Each handler: policy, load, verb, save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from app.content import policy, store
from app.content.posts import Post
from app.content.values import Manuscript, Seo, reason_text
from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.recording import expect_version
from app.shared.slugs import cut, numbered, slug_from
from app.shared.unset import UNSET, Unset
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.errors import Unauthenticated, ValidationFailed
from tenants.transaction import Transaction

SLUG_TAKEN = "is another post's; choose another"
MOST_SLUG_TRIES = 50


@dataclass(frozen=True, slots=True)
class CreatePost:
    """Where no slug is given, one is made from the title and numbered when taken."""

    post_id: UUID
    title: str
    content: str
    slug: str | None = None
    excerpt: str | None = None
    tags: tuple[UUID, ...] = ()
    editors: tuple[UUID, ...] = ()
    seo: Seo = field(default_factory=Seo)
    featured_image_url: str | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpdatePost:
    """Fields that are UNSET stay as they are."""

    post_id: UUID
    expected_version: int | None = None
    title: str | Unset = UNSET
    content: str | Unset = UNSET
    slug: str | Unset = UNSET
    excerpt: str | Unset | None = UNSET
    tags: tuple[UUID, ...] | Unset = UNSET
    editors: tuple[UUID, ...] | Unset = UNSET
    seo: Seo | Unset = UNSET
    featured_image_url: str | Unset | None = UNSET
    custom_fields: dict[str, Any] | Unset = UNSET


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the workflow; refused where `expected_version` is given and is no longer the post's."""

    post_id: UUID
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class SubmitPost(Step):
    pass


@dataclass(frozen=True, slots=True)
class ApprovePost(Step):
    pass


@dataclass(frozen=True, slots=True)
class RejectPost(Step):
    reason: str = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PublishPost(Step):
    pass


@dataclass(frozen=True, slots=True)
class UnpublishPost(Step):
    pass


@dataclass(frozen=True, slots=True)
class ArchivePost(Step):
    pass


@handles(CreatePost)
async def create_post(command: CreatePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.require(who, "content.create", "write posts")
    author = _person(who)
    values = {f.name: getattr(command, f.name) for f in fields(command) if f.name not in {"post_id", "slug"}}
    wanted = command.slug if command.slug is not None else slug_from(command.title, fallback=f"post-{command.post_id.hex[-12:]}")
    manuscript = Manuscript.checked(slug=wanted, **values)
    post = Post.create(command.post_id, author, manuscript)
    if await store.insert_new(tx, post):
        return [post]
    if command.slug is not None:
        raise ValidationFailed({"slug": SLUG_TAKEN})
    return [await _create_numbered(tx, command.post_id, author, manuscript)]


@handles(UpdatePost)
async def update_post(command: UpdatePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    loaded = await _load(command.post_id, command.expected_version, who, tx)
    policy.may_edit(who, loaded.post)
    changes = {name: value for name in Manuscript.__slots__ if (value := getattr(command, name)) is not UNSET}
    loaded.post.edit(loaded.post.manuscript.revised(**changes))
    try:
        await store.save(tx, loaded)
    except UniqueTaken:
        raise ValidationFailed({"slug": SLUG_TAKEN}) from None
    return [loaded.post]


@handles(SubmitPost)
async def submit_post(command: SubmitPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _step(command, who, tx, policy.may_submit, Post.submit)


@handles(ApprovePost)
async def approve_post(command: ApprovePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _step(command, who, tx, policy.may_review, lambda post: post.approve(_person(who), tx.now))


@handles(RejectPost)
async def reject_post(command: RejectPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    reason = reason_text(command.reason)
    return await _step(command, who, tx, policy.may_review, lambda post: post.reject(_person(who), reason))


@handles(PublishPost)
async def publish_post(command: PublishPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _step(command, who, tx, policy.may_publish, lambda post: post.publish(tx.now))


@handles(UnpublishPost)
async def unpublish_post(command: UnpublishPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _step(command, who, tx, policy.may_publish, Post.unpublish)


@handles(ArchivePost)
async def archive_post(command: ArchivePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _step(command, who, tx, policy.may_archive, Post.archive)


async def _step(
    command: Step, who: Principal, tx: Transaction, allowed: Callable[[Principal, Post], None], verb: Callable[[Post], None]
) -> Sequence[Aggregate]:
    loaded = await _load(command.post_id, command.expected_version, who, tx)
    allowed(who, loaded.post)
    verb(loaded.post)
    await store.save(tx, loaded)
    return [loaded.post]


async def _load(post_id: UUID, expected_version: int | None, who: Principal, tx: Transaction) -> store.Loaded:
    loaded = await store.load(tx, post_id)
    policy.visible(who, loaded.post)
    expect_version(loaded.post.version, expected_version)
    return loaded


async def _create_numbered(tx: Transaction, post_id: UUID, author: UUID, manuscript: Manuscript) -> Post:
    """The title's slug is taken: find the first number that is not, also while others look for theirs."""
    base = cut(manuscript.slug)
    taken = await store.slugs_like(tx, base)
    number = 2
    for _ in range(MOST_SLUG_TRIES):
        while numbered(base, number) in taken:
            number += 1
        post = Post.create(post_id, author, manuscript.revised(slug=numbered(base, number)))
        if await store.insert_new(tx, post):
            return post
        number += 1
    raise ValidationFailed({"slug": "could not be made from the title; give one yourself"})


def _person(who: Principal) -> UUID:
    if who.user_id is None:
        raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
    return who.user_id
