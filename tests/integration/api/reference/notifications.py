"""What people are told."""

from __future__ import annotations

from typing import Any

from tests.integration.api.reference.conversations import Conversations
from tests.integration.api.reference.world import Row


class Notifications(Conversations):
    def Query_notifications(self, _: Any, first: int, unreadOnly: bool) -> list[Row]:
        self.need(self.who.user_id is not None)
        mine = [row for row in self.tables["notifications"] if row["user_id"] == self.who.user_id and not (unreadOnly and row["read_at"])]
        return sorted(mine, key=lambda row: (row["created_at"], row["id"]), reverse=True)[:first]

    def User_notifications(self, user: Row, **arguments: Any) -> Row:
        return self.page("Notification", [row for row in self.tables["notifications"] if row["user_id"] == user["id"] == self.who.user_id], arguments)

    def User_unreadNotificationCount(self, user: Row) -> int | None:
        if user["id"] != self.who.user_id:
            return None
        return len([row for row in self.tables["notifications"] if row["user_id"] == user["id"] and row["read_at"] is None])

    def Notification_event(self, notification: Row) -> Row | None:
        return self.world.by_id("domain_events", notification["event_id"])

    def Notification_post(self, notification: Row) -> Row | None:
        return self.Comment_post({"post_id": notification["subject_id"]})

    def Notification_comment(self, notification: Row) -> Row | None:
        return self.Comment_parent({"parent_id": notification["subject_id"]})

    def Event_type(self, event: Row) -> Any:
        return event["event_type"]
