"""What the rows of people and roles must hold. Where somebody's key is gone, nothing of theirs may be left in clear or sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.shared.snapshots import snapshots
from app.users.members import User
from app.users.profiles import PUBLIC_FIELDS, SealedProfile
from app.users.roles import Role
from app.users.sealing import PersonalKey
from app.users.store import role_from_row
from tenants.database import Row
from tenants.secrets import TenantKey, Undecipherable
from tenants.statements import statement

USERS = statement("SELECT * FROM __tenant__.users WHERE id = ANY(CAST(:ids AS uuid[]))")
ROLES = statement("SELECT * FROM __tenant__.roles WHERE id = ANY(CAST(:ids AS uuid[]))")
UNREADABLE = "(sealed under another key)"


@dataclass(frozen=True, slots=True)
class Public:
    """What is in clear; compared where the person's key is there to open what their events hold."""

    username: str | None = None
    name: str | None = None
    avatar_url: str | None = None
    bio: str | None = None
    website: str | None = None
    job_title: str | None = None
    pronouns: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    role: str
    permissions: tuple[str, ...]
    status: str
    public: Public
    email: bytes | None
    new_email: bytes | None
    phone: bytes | None
    location: bytes | None
    language: bytes | None
    time_zone: bytes | None
    notification_channels: tuple[str, ...]
    email_verified_at: datetime | None
    version: int


def _user_of_row(row: Row) -> Shown:
    public = Public(**{name: row[name] for name in PUBLIC_FIELDS}) if row["person_key"] is not None else Public()
    same = ("role", "status", "email", "new_email", "phone", "location", "language", "time_zone", "email_verified_at", "version")
    return Shown(
        **{name: row[name] for name in same},
        permissions=tuple(row["permissions"]),
        public=public,
        notification_channels=tuple(row["notification_channels"]),
    )


def _user_of_fold(user: User, row: Row, key: TenantKey) -> Shown:
    sealed, preferences = user.sealed, user.preferences
    return Shown(
        role=user.role,
        permissions=user.permissions,
        status=user.status.value,
        public=_public(user.id, sealed, user.email, row["person_key"], key),
        email=user.email if row["person_key"] else None,
        new_email=user.new_email if row["person_key"] else None,
        phone=sealed.phone if sealed and row["person_key"] else None,
        location=sealed.location if sealed and row["person_key"] else None,
        language=preferences.language if row["person_key"] else None,
        time_zone=preferences.time_zone if row["person_key"] else None,
        notification_channels=preferences.channels,
        email_verified_at=user.verified_at,
        version=user.version,
    )


def _public(person: UUID, sealed: SealedProfile | None, email: bytes | None, wrapped: bytes | None, key: TenantKey) -> Public:
    """As the events have it; all else must open as well, though the row holds it sealed."""
    if sealed is None or wrapped is None:
        return Public()
    personal = PersonalKey(key, person, wrapped)
    try:
        profile = personal.open_profile(sealed)
        if email is not None:
            personal.open_email(email)
    except Undecipherable:
        return Public(UNREADABLE, UNREADABLE)
    shown: dict[str, Any] = {name: getattr(profile, name) for name in PUBLIC_FIELDS}
    return Public(**shown)


snapshots(User, "users", rows=USERS, of_row=_user_of_row, of_fold=_user_of_fold)
snapshots(Role, "roles", rows=ROLES, of_row=role_from_row, gone=lambda role: role.gone)
