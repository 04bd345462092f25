"""What people can have done with the text of posts, and with what it stands under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal
from uuid import UUID

from app.content import custom_fields, lookups, policy, store
from app.content.commands.room import require_room
from app.content.commands.steps import load, person, save
from app.content.posts import Post
from app.content.values import MOST_CATEGORIES, MOST_EDITORS, Manuscript, Seo
from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.slugs import cut, numbered, slug_from
from app.shared.unset import UNSET, Unset
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.errors import ValidationFailed
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
    categories: tuple[UUID, ...] = ()
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
    categories: tuple[UUID, ...] | Unset = UNSET
    editors: tuple[UUID, ...] | Unset = UNSET
    seo: Seo | Unset = UNSET
    featured_image_url: str | Unset | None = UNSET
    custom_fields: dict[str, Any] | Unset = UNSET


@dataclass(frozen=True, slots=True)
class FilePost:
    """Tags or categories that a post gets, and those it loses (None: all others)."""

    post_id: UUID
    under: Literal["tags", "categories"]
    add: tuple[UUID, ...]
    remove: tuple[UUID, ...] | None


@dataclass(frozen=True, slots=True)
class RefilePosts:
    """Every post under one of `gone` stands under `into` instead (None: under nothing). `under`: what these are ids of."""

    under: Literal["tags", "categories"]
    gone: tuple[UUID, ...]
    into: UUID | None


@handles(CreatePost)
async def create_post(command: CreatePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.require(who, "content.create", "write posts")
    author = person(who)
    await require_room(tx)
    values = {f.name: getattr(command, f.name) for f in fields(command) if f.name not in {"post_id", "slug"}}
    wanted = command.slug if command.slug is not None else slug_from(command.title, fallback=f"post-{command.post_id.hex[-12:]}")
    manuscript = await _checked(tx, Manuscript(slug=wanted, **values), None)
    post = Post.create(command.post_id, author, manuscript)
    if await store.insert_new(tx, post, chosen=command.slug is not None):
        return [post]
    if command.slug is not None:
        raise ValidationFailed({"slug": SLUG_TAKEN})
    return [await _create_numbered(tx, command.post_id, author, manuscript)]


@handles(UpdatePost)
async def update_post(command: UpdatePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    loaded = await load(command.post_id, command.expected_version, who, tx, policy.may_edit)
    given = {name: value for name in Manuscript.__slots__ if (value := getattr(command, name)) is not UNSET}
    there = loaded.post.manuscript
    loaded.post.edit(await _checked(tx, replace(there, **given), there), who.user_id)
    try:
        await save(tx, loaded)
    except UniqueTaken:
        raise ValidationFailed({"slug": SLUG_TAKEN}) from None
    return [loaded.post]


@handles(FilePost)
async def file_post(command: FilePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    loaded = await load(command.post_id, None, who, tx, policy.may_edit)
    there = loaded.post.manuscript
    left = set() if command.remove is None else set(getattr(there, command.under)) - set(command.remove)
    filed: dict[str, Any] = {command.under: tuple(left | set(command.add))}
    wanted = replace(there, **filed)
    loaded.post.edit(await _checked(tx, wanted, there), who.user_id)
    await save(tx, loaded)
    return [loaded.post]


@handles(RefilePosts)
async def refile_posts(command: RefilePosts, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.require(who, "taxonomy.manage", "keep tags and categories in order")
    refiled: list[Aggregate] = []
    gone, coming = set(command.gone), {command.into} - {None}
    for post_id in await lookups.filed(tx, command.under, command.gone, command.into):
        loaded = await store.load(tx, post_id)
        there = set(getattr(loaded.post.manuscript, command.under))
        loaded.post.refile(loaded.post.manuscript.revised(**{command.under: tuple(there - gone | coming)}))
        await save(tx, loaded)
        refiled.append(loaded.post)
    return refiled


async def _checked(tx: Transaction, wanted: Manuscript, there: Manuscript | None) -> Manuscript:
    """Within all limits, with people and categories that there are, and custom fields that meet the organization's schema.

    What was there before is not asked about again. Raises ValidationFailed with everything that is wrong.
    """
    people, shelves = (there.editors, there.categories) if there else ((), ())
    wrong: dict[str, str] = {}
    try:
        wanted = wanted.normalized(there)
    except ValidationFailed as refused:
        wrong = refused.fields
    if len(wanted.editors) <= MOST_EDITORS and len(wanted.categories) <= MOST_CATEGORIES:
        wrong |= await lookups.unknown(tx, sorted(set(wanted.editors) - set(people)), sorted(set(wanted.categories) - set(shelves)))
    if there is None or custom_fields.differ(there.custom_fields, wanted.custom_fields):
        wrong = custom_fields.complaints(await lookups.schema_of_custom_fields(tx), wanted.custom_fields) | wrong
    if wrong:
        raise ValidationFailed(wrong)
    return wanted


async def _create_numbered(tx: Transaction, post_id: UUID, author: UUID, manuscript: Manuscript) -> Post:
    """The title's slug is taken: find the first number that is not, also while others look for theirs."""
    base = cut(manuscript.slug)
    taken = await lookups.slugs_like(tx, base)
    number = 2
    for _ in range(MOST_SLUG_TRIES):
        while numbered(base, number) in taken:
            number += 1
        post = Post.create(post_id, author, manuscript.revised(slug=numbered(base, number)))
        if await store.insert_new(tx, post, chosen=False):
            return post
        number += 1
    raise ValidationFailed({"slug": "could not be made from the title; give one yourself"})
