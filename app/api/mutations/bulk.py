"""Mutations of many posts or comments at once: one transaction, in which each is done or refused by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from app.api.mutations.binding import Done, Input, ItemError, ItemResult, Mutation, Reading
from app.bus import Outcome, Unit
from app.comments.commands import ApproveComment, DeleteComment, RejectComment
from app.content.commands import ArchivePost, DeletePost, FilePost, PublishPost
from app.content.values import MOST_CATEGORIES, MOST_TAGS
from app.taxonomy.commands import EnsureTags
from tenants.errors import Refusal, RetryLater, ValidationFailed

MOST_AT_ONCE = 100
SAVEPOINT, BACK, RELEASE = "SAVEPOINT item", "ROLLBACK TO SAVEPOINT item", "RELEASE SAVEPOINT item"

CommandOf = Callable[[UUID], object]


async def tag_posts(unit: Unit, given: Input) -> Done:
    reading = Reading()
    ids, remove = _ids(reading, given), _some(reading, given["remove"], "remove", MOST_AT_ONCE)
    if len(given["add"]) > MOST_TAGS:
        reading.fields["add"] = f"takes at most {MOST_TAGS} tags, these are {len(given['add'])}"
    if not given["add"] and not given["remove"]:
        reading.fields["add"] = "is empty, as is remove; name a tag"
    made: list[Outcome] = []
    try:
        if given["add"]:
            made.append(await unit.execute(EnsureTags(tuple(given["add"][:MOST_TAGS]))))
    except ValidationFailed as refused:
        reading.fields["add"] = "; ".join(refused.fields.values())
    add = made[0].aggregates if made else ()
    reading.refuse()
    return await _each(unit, ids, lambda post: FilePost(post, under="tags", add=add, remove=remove), made)


async def move_posts(unit: Unit, given: Input) -> Done:
    reading, given_from = Reading(), given.get("fromCategoryIds")
    ids, into = _ids(reading, given), _some(reading, given["categoryIds"], "categoryIds", MOST_CATEGORIES)
    leave = None if given_from is None else _some(reading, given_from, "fromCategoryIds", MOST_AT_ONCE)
    reading.refuse()
    return await _each(unit, ids, lambda post: FilePost(post, under="categories", add=into, remove=leave))


def many(command: CommandOf) -> Callable[[Unit, Input], Awaitable[Done]]:
    """A step of the workflow for each of them."""

    async def run(unit: Unit, given: Input) -> Done:
        reading = Reading()
        ids = _ids(reading, given)
        reading.refuse()
        return await _each(unit, ids, command)

    return run


async def _each(unit: Unit, ids: Sequence[UUID], command: CommandOf, before: Sequence[Outcome] = ()) -> Done:
    """In the order of ids, so that two such mutations never wait for each other in a circle; answered in the order given."""
    outcomes = list(before)
    results: dict[UUID, ItemResult] = {}
    for id in sorted(ids):
        found = await _item(unit, command(id))
        if isinstance(found, Outcome):
            outcomes.append(found)
            results[id] = ItemResult(id, changed=found.changed)
        else:
            results[id] = ItemResult(id, changed=False, error=found)
    events = tuple(event for outcome in outcomes for event in outcome.events)
    return Done(None, changed=any(result.changed for result in results.values()), events=events, results=tuple(results[id] for id in ids))


async def _item(unit: Unit, command: object) -> Outcome | ItemError:
    """What was done, or why not; then it left nothing behind. Raises RetryLater: all of it is to be sent again."""
    connection = unit.transaction.connection
    await connection.simple(SAVEPOINT)
    try:
        outcome = await unit.execute(command)
        await connection.settle()
    except RetryLater:
        raise
    except Refusal as refusal:
        await connection.simple(BACK)
        return ItemError(refusal.code, refusal.message)
    await connection.simple(RELEASE)
    return outcome


def _ids(reading: Reading, given: Input) -> list[UUID]:
    texts: Any = given["ids"]
    if not texts or len(texts) > MOST_AT_ONCE:
        reading.fields["ids"] = f"takes 1 to {MOST_AT_ONCE} ids, these are {len(texts)}"
    return list(dict.fromkeys(reading.ids(texts[:MOST_AT_ONCE], "ids")))


def _some(reading: Reading, texts: Sequence[str], path: str, most: int) -> tuple[UUID, ...]:
    if len(texts) > most:
        reading.fields[path] = f"takes at most {most} ids, these are {len(texts)}"
    return reading.ids(texts[:most], path)


MUTATIONS = {
    "publishPosts": Mutation(many(PublishPost), many=True),
    "archivePosts": Mutation(many(ArchivePost), many=True),
    "deletePosts": Mutation(many(DeletePost), many=True),
    "tagPosts": Mutation(tag_posts, many=True),
    "movePosts": Mutation(move_posts, many=True),
    "approveComments": Mutation(many(ApproveComment), many=True),
    "rejectComments": Mutation(many(RejectComment), many=True),
    "deleteComments": Mutation(many(DeleteComment), many=True),
}
