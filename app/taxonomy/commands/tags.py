"""Making tags, keeping them in order, and merging those that mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.recording import expect_version
from app.shared.violations import together
from app.taxonomy import policy, store
from app.taxonomy.errors import MergedIntoItself, TagNotFound, TagWordTaken
from app.taxonomy.tags import Tag
from app.taxonomy.values import TagName, synonyms_of
from auth.principal import Principal
from tenants.ids import new_id
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class EnsureTags:
    """Make the tags that are missing; the outcome's aggregates are all of them, in the order of the names, each once.

    A synonym stands for the tag it leads to.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateTag:
    """Where the name leads to a tag already, that one is it; what it has of synonyms it keeps."""

    name: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenameTag:
    """The old name leads to the tag from now on. Where synonyms are given, these and no others do."""

    tag_id: UUID
    name: str
    synonyms: tuple[str, ...] | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class MergeTags:
    """The words of `merged` lead to `into`. Their posts must have been given to it in the same transaction."""

    merged: tuple[UUID, ...]
    into: UUID


@dataclass(frozen=True, slots=True)
class DeleteTag:
    """No post may carry it any more."""

    tag_id: UUID
    expected_version: int | None = None


@handles(EnsureTags)
async def ensure_tags(command: EnsureTags, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_tag(who)
    found = await _ensured(tx, [TagName.of(name) for name in command.names])
    return list({tag.id: tag for tag in found}.values())


@handles(CreateTag)
async def create_tag(command: CreateTag, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    together(lambda: TagName.of(command.name, "name"), lambda: synonyms_of(command.synonyms))
    name, synonyms = TagName.of(command.name, "name"), synonyms_of(command.synonyms)
    await store.nobody_else_orders(tx, "tags")
    [tag] = await _ensured(tx, [name])
    before = tag.version
    tag.set_synonyms((*tag.synonyms, *synonyms))
    await _refuse_taken(tx, tag)
    await store.save_tag(tx, tag, before)
    return [tag]


@handles(RenameTag)
async def rename_tag(command: RenameTag, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    together(lambda: TagName.of(command.name, "name"), lambda: synonyms_of(command.synonyms or ()))
    name = TagName.of(command.name, "name")
    synonyms = None if command.synonyms is None else synonyms_of(command.synonyms)
    await store.nobody_else_orders(tx, "tags")
    tag = await _loaded(tx, command.tag_id)
    expect_version(tag, command.expected_version)
    before = tag.version
    tag.rename(name)
    if synonyms is not None:
        tag.set_synonyms(synonyms)
    await _refuse_taken(tx, tag)
    await store.save_tag(tx, tag, before)
    return [tag]


@handles(MergeTags)
async def merge_tags(command: MergeTags, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    if command.into in command.merged:
        raise MergedIntoItself("A tag cannot be merged into itself; leave it out of those that are merged.")
    await store.nobody_else_orders(tx, "tags")
    into = await _loaded(tx, command.into)
    merged = [await _loaded(tx, id) for id in dict.fromkeys(command.merged)]
    before = into.version
    for tag in merged:
        tag.merge_into(into)
        await store.delete_tag(tx, tag)
    await store.save_tag(tx, into, before)
    return [into, *merged]


@handles(DeleteTag)
async def delete_tag(command: DeleteTag, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    await store.nobody_else_orders(tx, "tags")
    tag = await _loaded(tx, command.tag_id)
    expect_version(tag, command.expected_version)
    tag.delete()
    await store.delete_tag(tx, tag)
    return [tag]


async def _ensured(tx: Transaction, names: Sequence[TagName]) -> list[Tag]:
    """The tags that the names lead to, made where there are none."""
    wanted: dict[str, TagName] = {}
    for name in names:
        wanted.setdefault(name.slug, name)
    found = await store.tags_by_word(tx, list(wanted))
    for slug in sorted(wanted.keys() - found.keys()):  # in one order everywhere, so that two writers never wait for each other
        tag = Tag.create(new_id(), wanted[slug])
        found[slug] = tag if await store.insert_tag(tx, tag) else (await store.tags_by_word(tx, [slug]))[slug]
    return [found[slug] for slug in wanted]


async def _loaded(tx: Transaction, tag_id: UUID) -> Tag:
    tag = await store.load_tag(tx, tag_id)
    if tag is None:
        raise TagNotFound
    return tag


async def _refuse_taken(tx: Transaction, tag: Tag) -> None:
    """Raises TagWordTaken where one of the tag's words leads to another one."""
    words = {tag.slug: tag.name, **{word.slug: word.name for word in tag.synonyms}}
    for slug, other in sorted((await store.tags_by_word(tx, list(words))).items()):
        if other.id != tag.id:
            raise TagWordTaken(f"{words[slug]!r} leads to the tag {other.name!r} already: merge the two, or choose another word.")
