"""Who follows what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.integration.api.reference.pages import Pages
from tests.integration.api.reference.world import Row


class Following(Pages):
    def User_following(self, user: Row, **arguments: Any) -> Row:
        mine = [row for row in self.tables["subscriptions"] if row["user_id"] == user["id"] == self.who.user_id]
        return self.page("Followed", mine, arguments)

    def followers(self, column: str, id: UUID | None) -> list[UUID]:
        """Of the one that the column names; without an id, of the organization."""
        rows = self.tables["subscriptions"]
        return [row["user_id"] for row in rows if (row["target"] == "ORGANIZATION" if id is None else row[column] == id)]

    def User_followedByMe(self, user: Row) -> bool:
        return self.who.user_id in self.followers("author_id", user["id"])

    def User_followerCount(self, user: Row) -> int:
        return len(self.followers("author_id", user["id"]))

    def Category_followedByMe(self, category: Row) -> bool:
        return self.who.user_id in self.followers("category_id", category["id"])

    def Category_followerCount(self, category: Row) -> int:
        return len(self.followers("category_id", category["id"]))

    def Tag_followedByMe(self, tag: Row) -> bool:
        return self.who.user_id in self.followers("tag_id", tag["id"])

    def Tag_followerCount(self, tag: Row) -> int:
        return len(self.followers("tag_id", tag["id"]))

    def Organization_followedByMe(self, _: Row) -> bool:
        return self.who.user_id in self.followers("", None)

    def Organization_followerCount(self, _: Row) -> int:
        return len(self.followers("", None))

    def Followed_author(self, followed: Row) -> Row | None:
        return self.world.by_id("users", followed["author_id"])

    def Followed_category(self, followed: Row) -> Row | None:
        return self.world.by_id("categories", followed["category_id"])

    def Followed_tag(self, followed: Row) -> Row | None:
        return self.world.by_id("tags", followed["tag_id"])
