"""People: who they are, and how they sign in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.integration.api.reference.pages import Pages
from tests.integration.api.reference.spelling import moment
from tests.integration.api.reference.world import Row


class People(Pages):
    def Query_users(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.may("users.manage"))
        return self.page("User", self.tables["users"], arguments)

    def Query_user(self, _: Any, id: str) -> Row | None:
        return self.world.by_id("users", UUID(id))

    def Query_me(self, _: Any) -> Row | None:
        return self.world.by_id("users", self.who.user_id)

    def User_email(self, user: Row) -> str | None:
        return self.opened(user, "email", user["email"]) if self.knows(user) else None

    def User_role(self, user: Row) -> str | None:
        return user["role"] if self.knows(user) else None

    def User_status(self, user: Row) -> str | None:
        return user["status"].upper() if self.knows(user) else None

    def User_permissions(self, user: Row) -> list[str] | None:
        if not self.knows(user):
            return None
        [role] = [role for role in self.tables["roles"] if role["name"] == user["role"]]
        return sorted({*role["permissions"], *user["permissions"]})

    def User_newEmail(self, user: Row) -> str | None:
        return self.opened(user, "email", user["new_email"]) if user["id"] == self.who.user_id else None

    def User_emailVerifiedAt(self, user: Row) -> str | None:
        at = user["email_verified_at"]
        return moment(at) if self.knows(user) and at is not None else None

    def User_lastLoginAt(self, user: Row) -> str | None:
        found = next((row["last_at"] for row in self.tables["sign_ins"] if row["user_id"] == user["id"]), None)
        return moment(found) if self.knows(user) and found is not None else None

    def User_twoFactorEnabled(self, user: Row) -> bool | None:
        held = any(row["user_id"] == user["id"] and row["confirmed_at"] is not None for row in self.tables["authenticators"])
        held = held or any(row["user_id"] == user["id"] for row in self.tables["passkeys"])
        return held if self.knows(user) else None

    def User_identities(self, user: Row) -> list[Row]:
        mine = [row for row in self.tables["identities"] if row["user_id"] == user["id"] and self.knows(user)]
        return sorted(mine, key=lambda row: (row["linked_at"], row["id"]))

    def Identity_connection(self, identity: Row) -> Any:
        return self.connection_of(identity)["name"]

    def Identity_label(self, identity: Row) -> Any:
        return self.connection_of(identity)["label"]

    def Identity_kind(self, identity: Row) -> Any:
        return self.connection_of(identity)["kind"]

    def Identity_lastSignInAt(self, identity: Row) -> str | None:
        at = identity["last_at"]
        return None if at is None else moment(at)

    def User_version(self, user: Row) -> Any:
        return user["version"] if self.knows(user) else None

    def User_profile(self, user: Row) -> Row:
        return user

    def Profile_phone(self, user: Row) -> str | None:
        return self.opened(user, "phone", user["phone"]) if self.knows(user) else None

    def Profile_location(self, user: Row) -> str | None:
        return self.opened(user, "location", user["location"]) if self.knows(user) else None

    def User_preferences(self, user: Row) -> Row | None:
        return user if user["id"] == self.who.user_id else None

    def Preferences_language(self, user: Row) -> str | None:
        return self.opened(user, "language", user["language"])

    def Preferences_timeZone(self, user: Row) -> str | None:
        return self.opened(user, "time_zone", user["time_zone"])

    def connection_of(self, identity: Row) -> Row:
        found = self.world.by_id("connections", identity["connection_id"])
        assert found is not None
        return found

    def opened(self, user: Row, purpose: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else self.world.tenant.key.open_personal(user["id"], user["person_key"], purpose, sealed)

    def User_posts(self, user: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.lists(p) and p["author_id"] == user["id"]], arguments)
