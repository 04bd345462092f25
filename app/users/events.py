"""What can happen to people and roles."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.shared.events import event


@event()
@dataclass(frozen=True, slots=True)
class RoleDefined:
    role_id: UUID
    name: str
    permissions: tuple[str, ...]


@event()
@dataclass(frozen=True, slots=True)
class UserInvited:
    """Who they are is sealed under the person's key, which is never part of an event: once it is destroyed, nobody can read it."""

    user_id: UUID
    role: str
    username: bytes
    name: bytes
    email: bytes


@event()
@dataclass(frozen=True, slots=True)
class UserActivated:
    user_id: UUID


UserEvent = UserInvited | UserActivated
