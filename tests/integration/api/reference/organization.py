"""The organization: its settings, roles and what it uses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.integration.api.reference.pages import Pages
from tests.integration.api.reference.world import Row

DEFAULTS: dict[str, Row] = {
    "reading": {"public": True},
    "comments": {"moderation": "first-time", "guests": False},
    "posts": {"approvals": 1, "selfApproval": False},
    "passwords": {"shortest": 12},
    "signIn": {"secondFactor": "optional", "trustProviders": True, "rememberDays": 30, "enforced": False, "breakGlass": [], "allowedNetworks": []},
    "sessions": {"hours": 720, "idleHours": 168},
}


def stored(value: Any) -> Any:
    """With keys in the order that jsonb keeps them in: shorter ones first."""
    if not isinstance(value, dict):
        return value
    return {key: stored(value[key]) for key in sorted(value, key=lambda key: (len(key.encode()), key.encode()))}


class Organization(Pages):
    def Query_organization(self, _: Any) -> Row:
        return self.tables["organization"][0]

    def Query_roles(self, _: Any, first: int) -> list[Row]:
        self.need(self.who.user_id is not None)
        return sorted(self.tables["roles"], key=lambda role: (role["name"], role["id"]))[:first]

    def Role_builtIn(self, role: Row) -> bool:
        return role["name"] in {"owner", "admin", "content_manager", "editor", "author", "moderator", "reader"}

    def Role_memberCount(self, role: Row) -> Any:
        if not self.who.may("users.manage"):
            return None
        return sum(user["role"] == role["name"] and user["status"] in {"invited", "active", "suspended"} for user in self.tables["users"])

    def Organization_settings(self, organization: Row) -> Any:
        self.need(self.who.may("organization.configure"))
        return stored({"language": "en", "customFields": None, **organization["settings"]})

    def Organization_policies(self, organization: Row) -> Any:
        self.need(self.who.may("organization.configure"))
        return stored({**DEFAULTS, **{group: {**DEFAULTS.get(group, {}), **chosen} for group, chosen in organization["policies"].items()}})

    def Organization_usage(self, _: Row) -> Row:
        self.need(self.who.may("organization.configure"))
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            "members": sum(user["status"] in {"invited", "active", "suspended"} for user in self.tables["users"]),
            "posts": sum(post["status"] != "DELETED" for post in self.tables["posts"]),
            "events_today": sum(event["occurred_at"] >= midnight for event in self.tables["domain_events"]),
        }

    def Organization_quotas(self, _: Row) -> Row:
        self.need(self.who.may("organization.configure"))
        return {name: getattr(self.world.tenant.quotas, name) for name in ("members", "posts", "requests_per_second", "events_per_day")}
