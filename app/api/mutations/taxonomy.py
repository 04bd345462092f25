"""Mutations of tags and categories. Posts are refiled, and followers go along, before what they stood under goes, in the same transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.api.errors import invalid
from app.api.mutations.binding import Done, Input, Mutation, id_of
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
    if "synonyms" in given and given["synonyms"] is None:
        raise invalid("synonyms", NO_NULL)
    synonyms = tuple(given["synonyms"]) if "synonyms" in given else None
    return Done.of(await unit.execute(RenameTag(id_of(given["id"], "id"), given["name"], synonyms, given.get("expectedVersion"))))


async def merge_tags(unit: Unit, given: Input) -> Done:
    merged, into = _merged(given, "tags"), id_of(given["into"], "into")
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
    command = CreateCategory(new_id(), given["name"], given.get("slug"), given.get("description"), _optional_id(given, "parentId"), _position(given))
    return Done.of(await unit.execute(command))


async def update_category(unit: Unit, given: Input) -> Done:
    for name in ("name", "slug"):
        if name in given and given[name] is None:
            raise invalid(name, NO_NULL)
    changes: dict[str, Any] = {name: given[name] for name in ("name", "slug", "description") if name in given}
    return Done.of(await unit.execute(UpdateCategory(id_of(given["id"], "id"), given.get("expectedVersion"), **changes)))


async def move_category(unit: Unit, given: Input) -> Done:
    where: dict[str, Any] = {"parent_id": _optional_id(given, "parentId")} if "parentId" in given else {}
    command = MoveCategory(id_of(given["id"], "id"), position=_position(given), expected_version=given.get("expectedVersion"), **where)
    return Done.of(await unit.execute(command))


async def delete_category(unit: Unit, given: Input) -> Done:
    category, into = id_of(given["id"], "id"), _optional_id(given, "moveTo")
    await unit.execute(HoldOrder("categories"))
    if into is None:
        into = await unit.transaction.connection.fetchval(PARENT, id=category)
    refiled = await unit.execute(RefilePosts("categories", (category,), into))
    deleted = await unit.execute(DeleteCategory(category, into, given.get("expectedVersion")))
    return Done(into, changed=True, events=refiled.events + deleted.events)


async def merge_categories(unit: Unit, given: Input) -> Done:
    merged, into = _merged(given, "categories"), id_of(given["into"], "into")
    await unit.execute(HoldOrder("categories"))
    others = tuple(id for id in merged if id != into)
    refiled = await unit.execute(RefilePosts("categories", others, into))
    await unit.execute(PassFollowersOn(Kind.CATEGORY, others, into))
    return Done.of(refiled, await unit.execute(MergeCategories(merged, into)))


def _merged(given: Input, what: str) -> tuple[UUID, ...]:
    ids: list[str] = given["ids"]
    if not 1 <= len(ids) <= MOST_MERGED:
        raise invalid("ids", f"takes 1 to {MOST_MERGED} {what}, these are {len(ids)}")
    return tuple(id_of(text, f"ids.{position}") for position, text in enumerate(ids))


def _optional_id(given: Input, name: str) -> UUID | None:
    return id_of(given[name], name) if given.get(name) is not None else None


def _position(given: Input) -> int | None:
    position: int | None = given.get("position")
    if position is not None and position < 0:
        raise invalid("position", "takes no negative number")
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
