"""Whoever asks, and what they may see."""

from __future__ import annotations

from graphql import GraphQLError

from auth.principal import Principal
from tests.integration.api.reference.world import Row, World


class Reader:
    """Methods of what derives from this are named Type_field."""

    def __init__(self, world: World, who: Principal) -> None:
        self.world = world
        self.who = who
        self.tables = world.tables

    def need(self, met: bool) -> None:
        if not met:
            code = "UNAUTHENTICATED" if self.who.user_id is None else "FORBIDDEN"
            raise GraphQLError("denied", extensions={"code": code})

    def sees(self, post: Row) -> bool:
        return post["status"] == "PUBLISHED" or self.inside(post)

    def lists(self, post: Row) -> bool:
        return self.sees(post) and post["status"] != "DELETED"

    def inside(self, post: Row) -> bool:
        edits = any(pair["post_id"] == post["id"] and pair["user_id"] == self.who.user_id for pair in self.tables["post_editors"])
        return self.who.may("content.read_drafts") or (self.who.user_id is not None and (post["author_id"] == self.who.user_id or edits))

    def knows(self, user: Row) -> bool:
        return self.who.may("users.manage") or user["id"] == self.who.user_id
