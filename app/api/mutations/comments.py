"""Mutations of comments."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from app.api.mutations.binding import Done, Input, Mutation, Reading, id_of
from app.bus import Unit
from app.comments.commands import AddComment, ApproveComment, DeleteComment, EditComment, EraseGuest, RejectComment
from app.comments.values import Guest
from tenants.ids import new_id

_PAYLOAD = {"comment": "Comment"}


async def add_comment(unit: Unit, given: Input) -> Done:
    reading, said = Reading(), given.get("guest")
    post = reading.id(given["postId"], "postId")
    parent = reading.id(given["parentId"], "parentId") if given.get("parentId") else None
    guest = reading.read(lambda: Guest.of(said["name"], said["email"]), Guest("", "")) if said else None
    visitor = unit.visitor if guest else b""
    return await reading.execute(unit, AddComment(new_id(), post, given["body"], parent, guest, visitor))


async def erase_guest(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(EraseGuest(id_of(given["id"], "id"))))


async def edit_comment(unit: Unit, given: Input) -> Done:
    reading = Reading()
    return await reading.execute(unit, EditComment(reading.id(given["id"], "id"), given.get("expectedVersion"), given["body"]))


def step(command: Callable[[UUID, int | None], object]) -> Mutation:
    """What takes nothing but the comment."""

    async def run(unit: Unit, given: Input) -> Done:
        return Done.of(await unit.execute(command(id_of(given["id"], "id"), given.get("expectedVersion"))))

    return Mutation(run, _PAYLOAD)


MUTATIONS = {
    "addComment": Mutation(add_comment, _PAYLOAD),
    "editComment": Mutation(edit_comment, _PAYLOAD),
    "approveComment": step(ApproveComment),
    "rejectComment": step(RejectComment),
    "deleteComment": step(DeleteComment),
    "eraseGuest": Mutation(erase_guest, _PAYLOAD),
}
