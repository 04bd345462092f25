"""Roles: named sets of permissions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self, assert_never
from uuid import UUID

from app.users.errors import RoleFixed
from app.users.events import RoleDefined, RoleDeleted, RoleEvent, RolePermissionsChanged, RoleRenamed
from app.users.values import DEFAULT_ROLES, OWNER


@dataclass(slots=True)
class Role:
    """State is a fold of events. The roles that every organization begins with keep their names; an owner may do everything."""

    type: ClassVar[str] = "Role"

    id: UUID
    name: str = ""
    permissions: tuple[str, ...] = ()
    gone: bool = False
    version: int = 0
    recorded: list[RoleEvent] = field(default_factory=list, compare=False)

    @classmethod
    def define(cls, id: UUID, name: str, permissions: frozenset[str]) -> Self:
        role = cls(id)
        role._record(RoleDefined(id, name, tuple(sorted(permissions))))
        return role

    def rename(self, name: str) -> None:
        if name == self.name:
            return
        if self.name in DEFAULT_ROLES:
            raise RoleFixed(f"The role {self.name} comes with every organization and keeps its name. Create a role of your own instead.")
        self._record(RoleRenamed(self.id, name))

    def change_permissions(self, permissions: frozenset[str]) -> None:
        wanted = tuple(sorted(permissions))
        if wanted == self.permissions:
            return
        if self.name == OWNER:
            raise RoleFixed("Owners may do everything; that cannot be changed. Give people another role instead.")
        self._record(RolePermissionsChanged(self.id, wanted))

    def delete(self) -> None:
        if self.name in DEFAULT_ROLES:
            raise RoleFixed(f"The role {self.name} comes with every organization and cannot be deleted. Take its permissions away instead.")
        self._record(RoleDeleted(self.id, self.name))

    def apply(self, event: RoleEvent) -> None:
        match event:
            case RoleDefined(_, name, permissions):
                self.name, self.permissions = name, permissions
            case RoleRenamed(_, name):
                self.name = name
            case RolePermissionsChanged(_, permissions):
                self.permissions = permissions
            case RoleDeleted():
                self.gone = True
            case _:
                assert_never(event)
        self.version += 1

    def _record(self, event: RoleEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
