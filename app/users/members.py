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


@dataclass(frozen=True, slots=True)
class Sealed:
    """Personal data as ciphertext under the person's key."""

    username: bytes
    name: bytes
    email: bytes


@dataclass(slots=True)
class User:
    """State is a fold of events. Username, name and address are sealed: the row shows the first two in clear while the person's key exists."""

    type: ClassVar[str] = "User"

    id: UUID
    role: str = ""
    sealed: Sealed | None = None
    status: Status = Status.NEW
    version: int = 0
    recorded: list[UserEvent] = field(default_factory=list, compare=False)

    @classmethod
    def invite(cls, id: UUID, role: str, sealed: Sealed) -> Self:
        user = cls(id)
        user._record(UserInvited(id, role, sealed.username, sealed.name, sealed.email))
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
            case UserInvited(_, role, username, name, email):
                self.role, self.sealed, self.status = role, Sealed(username, name, email), Status.INVITED
            case UserActivated():
                self.status = Status.ACTIVE
            case _:
                assert_never(event)
        self.version += 1

    def _record(self, event: UserEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
