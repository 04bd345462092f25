"""What people say about themselves, and how they want the product to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.users import policy, store
from app.users.commands.people import OfPerson, touched
from app.users.errors import UserNotFound
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.errors import ValidationFailed
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class UpdateProfile(OfPerson):
    """`changes`: fields of `Profile` by name; what is not there stays as it is."""

    changes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpdatePreferences(OfPerson):
    """`changes`: fields of `Preferences` by name."""

    changes: Mapping[str, Any] = field(default_factory=dict)


@handles(UpdateProfile)
async def update_profile(command: UpdateProfile, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """One's own, or as a manager of people anybody's: names and pictures may have to be mended."""
    policy.signed_in_or_system(who)
    loaded = await touched(command, who, tx, own=True)
    await revise(loaded, command.changes, tx)
    return [loaded.user]


@handles(UpdatePreferences)
async def update_preferences(command: UpdatePreferences, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.signed_in(who)
    loaded = await touched(command, who, tx)
    if who.user_id != command.user_id or loaded.person is None:
        raise UserNotFound
    person = loaded.person
    wanted = replace(person.preferences, **command.changes).checked()
    if wanted != person.preferences:
        loaded.user.change_preferences(person.key.seal_preferences(wanted))
        loaded.person = replace(person, preferences=wanted)
    await store.save(tx, loaded)
    return [loaded.user]


async def revise(loaded: store.Loaded, changes: Mapping[str, str | None], tx: Transaction) -> None:
    """Save them, with these fields of their profile changed. Raises ValidationFailed."""
    person = loaded.person
    if person is None:
        raise UserNotFound
    wanted = person.profile.revised(changes)
    if wanted != person.profile:
        loaded.user.change_profile(person.key.seal_profile(wanted))
        loaded.person = replace(person, profile=wanted)
    try:
        await store.save(tx, loaded)
    except UniqueTaken:
        raise ValidationFailed({"username": "belongs to somebody else in this organization; choose another"}) from None
