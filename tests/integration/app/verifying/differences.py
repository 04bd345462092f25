"""What verifying finds about one aggregate."""

from __future__ import annotations

from uuid import UUID

from app.replay.verifying import Verification, verify
from tenants.database import Database
from tests.integration.conftest import House


def named(found: Verification, aggregate: UUID) -> dict[str, tuple[object, object]]:
    """What differs about one aggregate: the row's and the replay's value by field."""
    return {one.field: (one.row, one.replay) for one in found.differences if one.aggregate_id == aggregate}


async def about(pool: Database, house: House, aggregate: UUID) -> dict[str, tuple[object, object]]:
    return named(await verify(pool, house.tenant), aggregate)
