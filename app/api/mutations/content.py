"""Mutations of posts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from app.api.errors import invalid
from app.api.mutations.binding import Done, Input, Mutation, id_of
from app.bus import Outcome, Unit
from app.content.commands import ApprovePost, ArchivePost, CreatePost, PublishPost, RejectPost, SubmitPost, UnpublishPost, UpdatePost
from app.content.values import Seo
from app.taxonomy.commands import EnsureTags
from tenants.ids import new_id

_PLAIN = {"title": "title", "content": "content", "slug": "slug", "excerpt": "excerpt", "featuredImageUrl": "featured_image_url"}
_NEVER_NULL = ("title", "content", "slug", "tags", "editorIds", "customFields")


async def create_post(unit: Unit, given: Input) -> Done:
    outcomes, fields = await _fields(unit, given)
    if fields.get("custom_fields", {}) is None:
        del fields["custom_fields"]
    return Done.of(*outcomes, await unit.execute(CreatePost(new_id(), **fields)))


async def update_post(unit: Unit, given: Input) -> Done:
    for name in _NEVER_NULL:
        if name in given and given[name] is None:
            raise invalid(name, "takes no null; leave it out to keep what is there")
    outcomes, fields = await _fields(unit, given)
    return Done.of(*outcomes, await unit.execute(UpdatePost(id_of(given["id"], "id"), given.get("expectedVersion"), **fields)))


async def reject_post(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(RejectPost(id_of(given["id"], "id"), given.get("expectedVersion"), reason=given["reason"])))


def step(command: Callable[[UUID, int | None], object]) -> Mutation:
    """A step of the workflow that takes nothing but the post."""

    async def run(unit: Unit, given: Input) -> Done:
        return Done.of(await unit.execute(command(id_of(given["id"], "id"), given.get("expectedVersion"))))

    return Mutation(run, {"post": "Post"})


async def _fields(unit: Unit, given: Input) -> tuple[Sequence[Outcome], dict[str, Any]]:
    """The commands' fields of what the input gives; tags are made by name first, in the same transaction."""
    fields: dict[str, Any] = {field: given[name] for name, field in _PLAIN.items() if name in given}
    outcomes = []
    if "seo" in given:
        fields["seo"] = _seo(given["seo"])
    if "customFields" in given:
        fields["custom_fields"] = _object(given["customFields"])
    if "editorIds" in given:
        fields["editors"] = tuple(id_of(editor, f"editorIds.{position}") for position, editor in enumerate(given["editorIds"]))
    if given.get("tags"):
        outcomes.append(await unit.execute(EnsureTags(tuple(given["tags"]))))
        fields["tags"] = outcomes[0].aggregates
    elif "tags" in given:
        fields["tags"] = ()
    return outcomes, fields


def _seo(given: Input | None) -> Seo:
    return Seo(given.get("title"), given.get("description"), tuple(given["keywords"])) if given else Seo()


def _object(value: Any) -> dict[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise invalid("customFields", "takes a JSON object")
    return value


MUTATIONS = {
    "createPost": Mutation(create_post, {"post": "Post"}),
    "updatePost": Mutation(update_post, {"post": "Post"}),
    "submitPost": step(SubmitPost),
    "approvePost": step(ApprovePost),
    "rejectPost": Mutation(reject_post, {"post": "Post"}),
    "publishPost": step(PublishPost),
    "unpublishPost": step(UnpublishPost),
    "archivePost": step(ArchivePost),
}
