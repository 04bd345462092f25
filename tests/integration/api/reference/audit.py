"""The audit log."""

from __future__ import annotations

from typing import Any

from tests.integration.api.reference.pages import Pages
from tests.integration.api.reference.world import Row


class Audit(Pages):
    def Query_auditLog(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.may("audit.read"))
        return self.page("AuditEntry", self.tables["audit_entries"], arguments)

    def AuditEntry_actor(self, entry: Row) -> Row | None:
        return self.world.by_id("users", entry["actor_id"])

    def AuditEntry_changes(self, entry: Row) -> Any:
        if entry["action"] == "UserInvited":
            return {**entry["changes"], "username": "sealed", "name": "sealed", "email": "sealed"}
        return entry["changes"]
