"""Mutations of what readers do with posts."""

from __future__ import annotations

from app.api.mutations.binding import Done, Input, Mutation, id_of
from app.bus import Unit
from app.engagement.commands import LikePost, RecordPostView, SharePost, UnlikePost

_PAYLOAD = {"post": "Post"}


async def record_post_view(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(RecordPostView(id_of(given["id"], "id"), unit.visitor)))


async def like_post(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(LikePost(id_of(given["id"], "id"))))


async def unlike_post(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(UnlikePost(id_of(given["id"], "id"))))


async def share_post(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(SharePost(id_of(given["id"], "id"), unit.visitor)))


MUTATIONS = {
    "recordPostView": Mutation(record_post_view, _PAYLOAD),
    "likePost": Mutation(like_post, _PAYLOAD),
    "unlikePost": Mutation(unlike_post, _PAYLOAD),
    "sharePost": Mutation(share_post, _PAYLOAD),
}
