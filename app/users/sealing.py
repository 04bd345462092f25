"""What is personal, under the person's key and out of it again, field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.users.profiles import PROFILE_FIELDS, Preferences, Profile, SealedPreferences, SealedProfile
from app.users.values import EMAIL_PURPOSE
from tenants.secrets import TenantKey


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """`wrapped`: the person's key as their row has it. Opening raises Undecipherable."""

    tenant: TenantKey
    person: UUID
    wrapped: bytes

    def seal_email(self, address: str) -> bytes:
        return self._seal(EMAIL_PURPOSE, address)

    def open_email(self, sealed: bytes) -> str:
        return self._open(EMAIL_PURPOSE, sealed)

    def seal_profile(self, profile: Profile) -> SealedProfile:
        return SealedProfile(**_each(self._seal, {name: getattr(profile, name) for name in PROFILE_FIELDS}))

    def open_profile(self, sealed: SealedProfile) -> Profile:
        return Profile(**_each(self._open, {name: getattr(sealed, name) for name in PROFILE_FIELDS}))

    def seal_preferences(self, preferences: Preferences) -> SealedPreferences:
        personal = {"language": preferences.language, "time_zone": preferences.time_zone}
        return SealedPreferences(**_each(self._seal, personal), channels=preferences.channels)

    def open_preferences(self, sealed: SealedPreferences) -> Preferences:
        personal = {"language": sealed.language, "time_zone": sealed.time_zone}
        return Preferences(**_each(self._open, personal), channels=sealed.channels)

    def open_field(self, name: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else self._open(name, sealed)

    def _seal(self, field: str, value: str) -> bytes:
        return self.tenant.seal_personal(self.person, self.wrapped, field, value)

    def _open(self, field: str, sealed: bytes) -> str:
        return self.tenant.open_personal(self.person, self.wrapped, field, sealed)


def _each(make: Callable[[str, Any], Any], fields: dict[str, Any]) -> dict[str, Any]:
    """What there is of it, by name."""
    return {name: make(name, value) for name, value in fields.items() if value is not None}
