"""Mutations of following."""

from __future__ import annotations

from app.api.errors import invalid
from app.api.mutations.binding import Done, Input, Mutation, id_of
from app.bus import Unit
from app.following.commands import Follow, Unfollow
from app.following.values import Kind, Target

_PAYLOAD = {"organization": "Organization", "author": "User", "category": "Category", "tag": "Tag"}


async def follow(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(Follow(_target(unit, given))))


async def unfollow(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(Unfollow(_target(unit, given))))


def _target(unit: Unit, given: Input) -> Target:
    kind = Kind(given["target"])
    if given.get("id") is not None:
        return Target(kind, id_of(given["id"], "id"))
    if kind is not Kind.ORGANIZATION:
        raise invalid("id", f"is missing: say which {kind.lower()}")
    return Target(kind, unit.transaction.tenant.id)


MUTATIONS = {
    "follow": Mutation(follow, _PAYLOAD),
    "unfollow": Mutation(unfollow, _PAYLOAD),
}
