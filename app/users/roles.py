"""Roles: named sets of permissions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

from app.users.events import RoleDefined


@dataclass(slots=True)
class Role:
    """State is a fold of events."""

    type: ClassVar[str] = "Role"

    id: UUID
    name: str = ""
    permissions: tuple[str, ...] = ()
    version: int = 0
    recorded: list[RoleDefined] = field(default_factory=list, compare=False)

    @classmethod
    def define(cls, id: UUID, name: str, permissions: frozenset[str]) -> Self:
        role = cls(id)
        role._record(RoleDefined(id, name, tuple(sorted(permissions))))
        return role

    def apply(self, event: RoleDefined) -> None:
        self.name, self.permissions = event.name, event.permissions
        self.version += 1

    def _record(self, event: RoleDefined) -> None:
        self.apply(event)
        self.recorded.append(event)
