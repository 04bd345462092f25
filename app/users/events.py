"""What can happen to people and roles. Whatever says who somebody is, is sealed under their key, which is never part of an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.shared.events import event
from app.users.profiles import SealedPreferences, SealedProfile


@event()
@dataclass(frozen=True, slots=True)
class RoleDefined:
    role_id: UUID
    name: str
    permissions: tuple[str, ...]


@event()
@dataclass(frozen=True, slots=True)
class RoleRenamed:
    role_id: UUID
    name: str


@event()
@dataclass(frozen=True, slots=True)
class RolePermissionsChanged:
    role_id: UUID
    permissions: tuple[str, ...]


@event()
@dataclass(frozen=True, slots=True)
class RoleDeleted:
    role_id: UUID
    name: str


@event()
@dataclass(frozen=True, slots=True)
class UserInvited:
    """Once their key is destroyed, nobody can read who they were."""

    user_id: UUID
    role: str
    username: bytes
    name: bytes
    email: bytes


@event()
@dataclass(frozen=True, slots=True)
class UserInvitedAgain:
    """Somebody who had not come yet, or had left. Links sent before are useless."""

    user_id: UUID
    role: str


@event()
@dataclass(frozen=True, slots=True)
class UserActivated:
    """`verified_at`: when they have proven that the address is theirs; None where somebody vouched for them."""

    user_id: UUID
    verified_at: datetime | None = None


@event()
@dataclass(frozen=True, slots=True)
class UserSuspended:
    user_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class UserReactivated:
    user_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class UserRemoved:
    """They have left; extra grants went with them."""

    user_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class UserErased:
    """Their key is destroyed: what events before this one hold of them, nobody can read."""

    user_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class UserRoleChanged:
    user_id: UUID
    role: str


@event()
@dataclass(frozen=True, slots=True)
class UserPermissionsGranted:
    """Beside what the role may do."""

    user_id: UUID
    permissions: tuple[str, ...]


@event()
@dataclass(frozen=True, slots=True)
class UserPermissionsRevoked:
    user_id: UUID
    permissions: tuple[str, ...]


@event()
@dataclass(frozen=True, slots=True)
class UserProfileChanged:
    """The whole profile as it is now."""

    user_id: UUID
    profile: SealedProfile


@event()
@dataclass(frozen=True, slots=True)
class UserPreferencesChanged:
    """All preferences as they are now."""

    user_id: UUID
    preferences: SealedPreferences


@event()
@dataclass(frozen=True, slots=True)
class UserAddressGiven:
    """They want to be reached there; it counts once they have followed the link that is sent to it."""

    user_id: UUID
    email: bytes


@event()
@dataclass(frozen=True, slots=True)
class UserAddressConfirmed:
    """The address given last is theirs from now on."""

    user_id: UUID
    verified_at: datetime


RoleEvent = RoleDefined | RoleRenamed | RolePermissionsChanged | RoleDeleted
UserEvent = (
    UserInvited
    | UserInvitedAgain
    | UserActivated
    | UserSuspended
    | UserReactivated
    | UserRemoved
    | UserErased
    | UserRoleChanged
    | UserPermissionsGranted
    | UserPermissionsRevoked
    | UserProfileChanged
    | UserPreferencesChanged
    | UserAddressGiven
    | UserAddressConfirmed
)
