"""Mutations of tags and categories. Posts are refiled, and followers go along, before what they stood under goes, in the same transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.api.mutations.binding import Done, Input, Mutation, Reading, id_of
from app.bus import Unit
from app.content.commands import RefilePosts
from app.following.commands import PassFollowersOn
from app.following.values import Kind
from app.taxonomy.commands import (
    CreateCategory,
    CreateTag,
    DeleteCategory,
    DeleteTag,
    HoldOrder,
    MergeCategories,
    MergeTags,
    MoveCategory,
    RenameTag,
    UpdateCategory,
)
from tenants.ids import new_id
from tenants.statements import statement

MOST_MERGED = 20
NO_NULL = "takes no null; leave it out to keep what is there"
PARENT = statement("SELECT parent_id FROM __tenant__.categories WHERE id = :id")


async def create_tag(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(CreateTag(given["name"], tuple(given["synonyms"]))))


async def rename_tag(unit: Unit, given: Input) -> Done:
    reading = Reading()
    if "synonyms" in given and given["synonyms"] is None:
        reading.fields["synonyms"] = NO_NULL
    synonyms = tuple(given["synonyms"]) if given.get("synonyms") is not None else None
    return await reading.execute(unit, RenameTag(reading.id(given["id"], "id"), given["name"], synonyms, given.get("expectedVersion")))


async def merge_tags(unit: Unit, given: Input) -> Done:
    merged, into = _merged(given, "tags")
    await unit.execute(HoldOrder("tags"))
    others = tuple(id for id in merged if id != into)
    refiled = await unit.execute(RefilePosts("tags", others, into))
    await unit.execute(PassFollowersOn(Kind.TAG, others, into))
    return Done.of(refiled, await unit.execute(MergeTags(merged, into)))


async def delete_tag(unit: Unit, given: Input) -> Done:
    tag = id_of(given["id"], "id")
    await unit.execute(HoldOrder("tags"))
    refiled = await unit.execute(RefilePosts("tags", (tag,), None))
    return Done.of(refiled, await unit.execute(DeleteTag(tag, given.get("expectedVersion"))))


async def create_category(unit: Unit, given: Input) -> Done:
    reading = Reading()
    parent, position = _optional_id(reading, given, "parentId"), _position(reading, given)
    return await reading.execute(unit, CreateCategory(new_id(), given["name"], given.get("slug"), given.get("description"), parent, position))


async def update_category(unit: Unit, given: Input) -> Done:
    reading = Reading()
    reading.fields |= {name: NO_NULL for name in ("name", "slug") if name in given and given[name] is None}
    changes: dict[str, Any] = {name: given[name] for name in ("name", "slug", "description") if name in given and name not in reading.fields}
    return await reading.execute(unit, UpdateCategory(reading.id(given["id"], "id"), given.get("expectedVersion"), **changes))


async def move_category(unit: Unit, given: Input) -> Done:
    reading = Reading()
    where: dict[str, Any] = {"parent_id": _optional_id(reading, given, "parentId")} if "parentId" in given else {}
    category, position = reading.id(given["id"], "id"), _position(reading, given)
    return await reading.execute(unit, MoveCategory(category, position=position, expected_version=given.get("expectedVersion"), **where))


async def delete_category(unit: Unit, given: Input) -> Done:
    reading = Reading()
    category, into = reading.id(given["id"], "id"), _optional_id(reading, given, "moveTo")
    reading.refuse()
    await unit.execute(HoldOrder("categories"))
    if into is None:
        into = await unit.transaction.connection.fetchval(PARENT, id=category)
    refiled = await unit.execute(RefilePosts("categories", (category,), into))
    deleted = await unit.execute(DeleteCategory(category, into, given.get("expectedVersion")))
    return Done(into, changed=True, events=refiled.events + deleted.events)


async def merge_categories(unit: Unit, given: Input) -> Done:
    merged, into = _merged(given, "categories")
    await unit.execute(HoldOrder("categories"))
    others = tuple(id for id in merged if id != into)
    refiled = await unit.execute(RefilePosts("categories", others, into))
    await unit.execute(PassFollowersOn(Kind.CATEGORY, others, into))
    return Done.of(refiled, await unit.execute(MergeCategories(merged, into)))


def _merged(given: Input, what: str) -> tuple[tuple[UUID, ...], UUID]:
    """Those that are merged, and into what."""
    reading, texts = Reading(), list[str](given["ids"])
    if not 1 <= len(texts) <= MOST_MERGED:
        reading.fields["ids"] = f"takes 1 to {MOST_MERGED} {what}, these are {len(texts)}"
    ids, into = reading.ids(texts[:MOST_MERGED], "ids"), reading.id(given["into"], "into")
    reading.refuse()
    return ids, into


def _optional_id(reading: Reading, given: Input, name: str) -> UUID | None:
    return reading.id(given[name], name) if given.get(name) is not None else None


def _position(reading: Reading, given: Input) -> int | None:
    position: int | None = given.get("position")
    if position is not None and position < 0:
        reading.fields["position"] = "takes no negative number"
        return None
    return position


MUTATIONS = {
    "createTag": Mutation(create_tag, {"tag": "Tag"}),
    "renameTag": Mutation(rename_tag, {"tag": "Tag"}),
    "mergeTags": Mutation(merge_tags, {"tag": "Tag"}),
    "deleteTag": Mutation(delete_tag),
    "createCategory": Mutation(create_category, {"category": "Category"}),
    "updateCategory": Mutation(update_category, {"category": "Category"}),
    "moveCategory": Mutation(move_category, {"category": "Category"}),
    "mergeCategories": Mutation(merge_categories, {"category": "Category"}),
    "deleteCategory": Mutation(delete_category, {"movedTo": "Category"}),
}
