"""Mutations of the organization."""

from __future__ import annotations

from typing import Any

from app.api.mutations.binding import Done, Input, Mutation
from app.bus import Unit
from app.management.commands import ConfigureOrganization


async def update_organization(unit: Unit, given: Input) -> Done:
    changes: dict[str, Any] = {name: given[name] for name in ("name", "settings", "branding", "policies") if name in given}
    return Done.of(await unit.execute(ConfigureOrganization(given.get("expectedVersion"), address=unit.address, **changes)))


MUTATIONS = {"updateOrganization": Mutation(update_organization, {"organization": "Organization"})}
