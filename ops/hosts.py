"""Under which hosts organizations are reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database

VERIFIED = statement("SELECT organization_id, host FROM control.domains WHERE verified_at IS NOT NULL ORDER BY host")


async def verified_domains(database: Database) -> Mapping[UUID, Sequence[str]]:
    """Hosts of their own that organizations have proven to be theirs, by organization; none for those without."""
    found: dict[UUID, list[str]] = defaultdict(list)
    async with database.control() as connection:
        for row in await connection.fetch(VERIFIED):
            found[row["organization_id"]].append(row["host"])
    return found
