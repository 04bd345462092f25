"""The people of an organization."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self, assert_never
from uuid import UUID

from app.users.errors import HasLeft, LastOwner, MemberAlready, NoAddressGiven, NotActive, NotInvited, NotSuspended
from app.users.events import (
    UserActivated,
    UserAddressConfirmed,
    UserAddressGiven,
    UserErased,
    UserEvent,
    UserInvited,
    UserInvitedAgain,
    UserPermissionsGranted,
    UserPermissionsRevoked,
    UserPreferencesChanged,
    UserProfileChanged,
    UserReactivated,
    UserRemoved,
    UserRoleChanged,
    UserSuspended,
)
from app.users.profiles import SealedPreferences, SealedProfile
from app.users.values import OWNER


class Status(StrEnum):
    NEW = "new"
    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    ERASED = "erased"


GONE = frozenset({Status.NEW, Status.REMOVED, Status.ERASED})


@dataclass(slots=True)
class User:
    """State is a fold of events. What is personal is sealed: the row shows public fields in clear while the person's key exists.

    `sealed` and `email` are None once they are erased. `others` of a verb: how many other active owners there are.
    """

    type: ClassVar[str] = "User"

    id: UUID
    role: str = ""
    permissions: tuple[str, ...] = ()
    sealed: SealedProfile | None = None
    email: bytes | None = None
    new_email: bytes | None = None
    preferences: SealedPreferences = field(default_factory=SealedPreferences)
    verified_at: datetime | None = None
    status: Status = Status.NEW
    version: int = 0
    recorded: list[UserEvent] = field(default_factory=list, compare=False)

    @classmethod
    def invite(cls, id: UUID, role: str, sealed: SealedProfile, email: bytes) -> Self:
        user = cls(id)
        user._record(UserInvited(id, role, sealed.username, sealed.name, email))
        return user

    def invite_again(self, role: str) -> None:
        if self.status not in {Status.INVITED, Status.REMOVED}:
            raise MemberAlready(f"This person is {self.status.value} here already; there is nothing to invite them to.")
        self._record(UserInvitedAgain(self.id, role))

    def activate(self, verified_at: datetime | None = None) -> None:
        """They have proven that the address is theirs, or somebody vouches for them (None)."""
        if self.status is Status.ACTIVE:
            return
        if self.status is not Status.INVITED:
            raise NotInvited(f"This person is {self.status.value}; only invited people can accept an invitation.")
        self._record(UserActivated(self.id, verified_at))

    def suspend(self, *, others: int) -> None:
        if self.status is Status.SUSPENDED:
            return
        if self.status is not Status.ACTIVE:
            raise NotActive(f"This person is {self.status.value}; only active people can be suspended. Remove them instead.")
        self._leave_an_owner(others)
        self._record(UserSuspended(self.id))

    def reactivate(self) -> None:
        if self.status is Status.ACTIVE:
            return
        if self.status is not Status.SUSPENDED:
            raise NotSuspended(f"This person is {self.status.value}; only suspended people can be reactivated. Invite them instead.")
        self._record(UserReactivated(self.id))

    def remove(self, *, others: int) -> None:
        if self.status in GONE:
            return
        self._leave_an_owner(others)
        self._record(UserRemoved(self.id))

    def erase(self, *, others: int) -> None:
        """For good: also of somebody who has left."""
        if self.status is Status.ERASED:
            return
        self._leave_an_owner(others)
        self._record(UserErased(self.id))

    def change_role(self, role: str, *, others: int) -> None:
        self._require_here()
        if role == self.role:
            return
        self._leave_an_owner(others)
        self._record(UserRoleChanged(self.id, role))

    def follow_role(self, role: str) -> None:
        """Their role is called otherwise now, or was given up for this one; that concerns those who left, too."""
        if role != self.role:
            self._record(UserRoleChanged(self.id, role))

    def grant(self, permissions: Iterable[str]) -> None:
        self._require_here()
        new = tuple(sorted(set(permissions) - set(self.permissions)))
        if new:
            self._record(UserPermissionsGranted(self.id, new))

    def revoke(self, permissions: Iterable[str]) -> None:
        """Extra grants only: what the role may do, stays."""
        self._require_here()
        held = tuple(sorted(set(permissions) & set(self.permissions)))
        if held:
            self._record(UserPermissionsRevoked(self.id, held))

    def change_profile(self, sealed: SealedProfile) -> None:
        self._require_here()
        self._record(UserProfileChanged(self.id, sealed))

    def change_preferences(self, sealed: SealedPreferences) -> None:
        self._require_here()
        self._record(UserPreferencesChanged(self.id, sealed))

    def give_address(self, email: bytes) -> None:
        self._require_active()
        self._record(UserAddressGiven(self.id, email))

    def confirm_address(self, verified_at: datetime) -> None:
        self._require_active()
        if self.new_email is None:
            raise NoAddressGiven("There is no address that waits to be confirmed. Give it again to get a new link.")
        self._record(UserAddressConfirmed(self.id, verified_at))

    def vouch_address(self, email: bytes, verified_at: datetime) -> None:
        """Theirs at once, since somebody vouches for it."""
        self._require_here()
        self._record(UserAddressGiven(self.id, email))
        self._record(UserAddressConfirmed(self.id, verified_at))

    def apply(self, event: UserEvent) -> None:
        match event:
            case UserInvited(_, role, username, name, email):
                self.role, self.status, self.sealed, self.email = role, Status.INVITED, SealedProfile(username, name), email
            case UserInvitedAgain(_, role):
                self.role, self.status = role, Status.INVITED
            case UserActivated(_, verified_at):
                self.status, self.verified_at = Status.ACTIVE, verified_at or self.verified_at
            case UserSuspended():
                self.status = Status.SUSPENDED
            case UserReactivated():
                self.status = Status.ACTIVE
            case UserRemoved():
                self.status, self.permissions, self.new_email = Status.REMOVED, (), None
            case UserErased():
                self._apply_erasure()
            case UserProfileChanged() | UserPreferencesChanged() | UserAddressGiven() | UserAddressConfirmed():
                self._apply_personal(event)
            case UserRoleChanged() | UserPermissionsGranted() | UserPermissionsRevoked():
                self._apply_rights(event)
            case _:
                assert_never(event)
        self.version += 1

    def _apply_erasure(self) -> None:
        self.status, self.permissions, self.verified_at = Status.ERASED, (), None
        self.sealed = self.email = self.new_email = None
        self.preferences = SealedPreferences()

    def _apply_rights(self, event: UserRoleChanged | UserPermissionsGranted | UserPermissionsRevoked) -> None:
        match event:
            case UserRoleChanged(_, role):
                self.role = role
            case UserPermissionsGranted(_, permissions):
                self.permissions = tuple(sorted({*self.permissions, *permissions}))
            case UserPermissionsRevoked(_, permissions):
                self.permissions = tuple(one for one in self.permissions if one not in permissions)

    def _apply_personal(self, event: UserProfileChanged | UserPreferencesChanged | UserAddressGiven | UserAddressConfirmed) -> None:
        match event:
            case UserProfileChanged(_, profile):
                self.sealed = profile
            case UserPreferencesChanged(_, preferences):
                self.preferences = preferences
            case UserAddressGiven(_, email):
                self.new_email = email
            case UserAddressConfirmed(_, verified_at):
                self.email, self.new_email, self.verified_at = self.new_email, None, verified_at

    def _leave_an_owner(self, others: int) -> None:
        if self.role == OWNER and self.status is Status.ACTIVE and others == 0:
            raise LastOwner

    def _require_here(self) -> None:
        if self.status in GONE:
            raise HasLeft("This person has left the organization. Invite them again first.")

    def _require_active(self) -> None:
        if self.status is not Status.ACTIVE:
            raise NotActive(f"This person is {self.status.value}; only active people can change their address.")

    def _record(self, event: UserEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
