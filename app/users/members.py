"""The people of an organization."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self, assert_never
from uuid import UUID

from app.users.errors import NotInvited
from app.users.events import UserActivated, UserEvent, UserInvited


class Status(StrEnum):
    NEW = "new"
    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    ERASED = "erased"


@dataclass(slots=True)
class User:
    """State is a fold of events. `email` is ciphertext."""

    type: ClassVar[str] = "User"

    id: UUID
    username: str = ""
    name: str = ""
    email: bytes | None = None
    role: str = ""
    status: Status = Status.NEW
    version: int = 0
    recorded: list[UserEvent] = field(default_factory=list, compare=False)

    @classmethod
    def invite(cls, id: UUID, username: str, name: str, role: str, email: bytes) -> Self:
        user = cls(id)
        user._record(UserInvited(id, username, name, role, email))
        return user

    def activate(self) -> None:
        """They have proven that the address is theirs."""
        if self.status is Status.ACTIVE:
            return
        if self.status is not Status.INVITED:
            raise NotInvited(f"This person is {self.status.value}; only invited people can accept an invitation.")
        self._record(UserActivated(self.id))

    def apply(self, event: UserEvent) -> None:
        match event:
            case UserInvited(_, username, name, role, email):
                self.username, self.name, self.role, self.email, self.status = username, name, role, email, Status.INVITED
            case UserActivated():
                self.status = Status.ACTIVE
            case _:
                assert_never(event)
        self.version += 1

    def _record(self, event: UserEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
