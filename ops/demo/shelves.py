"""The demo's categories: a small tree, and which of it a post stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from uuid import UUID

from app.bus import Bus
from app.taxonomy.commands import CreateCategory
from auth.principal import Principal
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement

CATEGORIES = statement("SELECT slug, id FROM __tenant__.categories")
_Branch = Mapping[str, "_Branch"]
_TREE: _Branch = {
    "Magazine": {"Essays": {}, "Interviews": {}, "Letters": {}},
    "Workshop": {"Typography": {}, "Printing": {"Paper": {}, "Binding": {}}, "Engineering": {}},
    "House": {"Catalogue": {}, "Events": {}},
}


def shelves(rng: Random) -> tuple[str, ...]:
    """Slugs of one or two categories."""
    return tuple(rng.sample([name.lower() for name, _ in _walked(_TREE, None)], rng.randint(1, 2)))


async def load_shelves(bus: Bus, database: Database, tenant: Tenant, who: Principal) -> dict[str, UUID]:
    """Make those categories that are not there, as somebody who keeps them in order; returns all by slug."""
    async with database.reading(tenant.place) as connection:
        found = {row["slug"]: row["id"] for row in await connection.fetch(CATEGORIES)}
    for name, parent in _walked(_TREE, None):
        if name.lower() not in found:
            command = CreateCategory(new_id(), name, name.lower(), parent_id=found[parent.lower()] if parent else None)
            [found[name.lower()], *_] = (await bus.execute(tenant, command, who, correlation_id=new_id())).aggregates
    return found


def _walked(tree: _Branch, parent: str | None) -> Iterator[tuple[str, str | None]]:
    """Every name with its parent's, parents first."""
    for name, below in tree.items():
        yield name, parent
        yield from _walked(below, name)
