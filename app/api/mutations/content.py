"""Mutations of posts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from app.api.errors import invalid
from app.api.mutations.binding import NOBODY, Done, Input, Mutation, Reading, id_of
from app.bus import Outcome, Unit
from app.content.commands import (
    ApprovePost,
    ArchivePost,
    CreatePost,
    DeletePost,
    PublishPost,
    RejectPost,
    RestorePost,
    SchedulePost,
    SetPostExpiry,
    SubmitPost,
    UnpublishPost,
    UpdatePost,
    WithdrawPost,
)
from app.content.values import Seo
from app.shared.unset import UNSET
from app.taxonomy.commands import EnsureTags
from tenants.ids import new_id

_PLAIN = {"title": "title", "content": "content", "slug": "slug", "excerpt": "excerpt", "featuredImageUrl": "featured_image_url"}
_IDS = {"editorIds": "editors", "categoryIds": "categories"}
NO_NULL = "takes no null; leave it out to keep what is there"
_NEVER_NULL = ("title", "content", "slug", "tags", "categoryIds", "editorIds", "customFields")


async def create_post(unit: Unit, given: Input) -> Done:
    return await _written(unit, given, lambda fields: CreatePost(new_id(), **fields))


async def update_post(unit: Unit, given: Input) -> Done:
    post_id, version = id_of(given["id"], "id"), given.get("expectedVersion")
    nulls = {name: NO_NULL for name in _NEVER_NULL if name in given and given[name] is None}
    rest = {name: value for name, value in given.items() if name not in nulls}
    return await _written(unit, rest, lambda fields: UpdatePost(post_id, version, **fields), nulls)


async def reject_post(unit: Unit, given: Input) -> Done:
    reading = Reading()
    return await reading.execute(unit, RejectPost(reading.id(given["id"], "id"), given.get("expectedVersion"), reason=given["reason"]))


async def schedule_post(unit: Unit, given: Input) -> Done:
    expires_at = given.get("expiresAt", UNSET)
    command = SchedulePost(id_of(given["id"], "id"), given.get("expectedVersion"), publish_at=given["publishAt"], expires_at=expires_at)
    return Done.of(await unit.execute(command))


async def set_post_expiry(unit: Unit, given: Input) -> Done:
    if "expiresAt" not in given:
        raise invalid("expiresAt", "is missing; give a moment, or null for never")
    return Done.of(await unit.execute(SetPostExpiry(id_of(given["id"], "id"), given.get("expectedVersion"), expires_at=given["expiresAt"])))


def step(command: Callable[[UUID, int | None], object]) -> Mutation:
    """A step of the workflow that takes nothing but the post."""

    async def run(unit: Unit, given: Input) -> Done:
        return Done.of(await unit.execute(command(id_of(given["id"], "id"), given.get("expectedVersion"))))

    return Mutation(run, {"post": "Post"})


async def _written(unit: Unit, given: Input, command: Callable[[dict[str, Any]], object], wrong: dict[str, str] | None = None) -> Done:
    """Tags are made by name first, in the same transaction. Raises ValidationFailed with everything that is wrong, whoever found it."""
    reading = Reading()
    reading.fields |= wrong or {}
    outcomes, fields = await _fields(unit, given, reading)
    return Done.of(*outcomes, await reading.beside(unit.execute(command(fields))))


async def _fields(unit: Unit, given: Input, reading: Reading) -> tuple[Sequence[Outcome], dict[str, Any]]:
    """The commands' fields of what the input gives; what is wrong with those that cannot be read is noted."""
    fields: dict[str, Any] = {field: given[name] for name, field in _PLAIN.items() if name in given}
    outcomes: list[Outcome] = []
    if "seo" in given:
        fields["seo"] = _seo(given["seo"])
    if isinstance(given.get("customFields"), dict):
        fields["custom_fields"] = given["customFields"]
    elif given.get("customFields") is not None:
        reading.fields["customFields"] = "takes a JSON object"
    for name, field in _IDS.items():
        if name in given:
            fields[field] = tuple(id for id in reading.ids(given[name], name) if id != NOBODY)
    if given.get("tags"):
        with reading.among():
            outcomes.append(await unit.execute(EnsureTags(tuple(given["tags"]))))
            fields["tags"] = outcomes[0].aggregates
    elif "tags" in given:
        fields["tags"] = ()
    return outcomes, fields


def _seo(given: Input | None) -> Seo:
    return Seo(given.get("title"), given.get("description"), tuple(given["keywords"])) if given else Seo()


MUTATIONS = {
    "createPost": Mutation(create_post, {"post": "Post"}),
    "updatePost": Mutation(update_post, {"post": "Post"}),
    "submitPost": step(SubmitPost),
    "approvePost": step(ApprovePost),
    "rejectPost": Mutation(reject_post, {"post": "Post"}),
    "publishPost": step(PublishPost),
    "unpublishPost": step(UnpublishPost),
    "archivePost": step(ArchivePost),
    "withdrawPost": step(WithdrawPost),
    "schedulePost": Mutation(schedule_post, {"post": "Post"}),
    "setPostExpiry": Mutation(set_post_expiry, {"post": "Post"}),
    "deletePost": step(DeletePost),
    "restorePost": step(RestorePost),
}
