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
    """`email` is encrypted under the person's key, which is never part of an event: without it nobody can read the address."""

    user_id: UUID
    username: str
    name: str
    role: str
    email: bytes


@event()
@dataclass(frozen=True, slots=True)
class UserActivated:
    user_id: UUID


UserEvent = UserInvited | UserActivated
