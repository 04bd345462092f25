"""Deliveries as operators look at them: which wait, which failed, which to try again by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tenants.database import Connection, Database, Row
from tenants.errors import NotFound
from tenants.statements import statement

MOST = 1000

_DELIVERY = (
    "SELECT d.id, o.slug AS tenant, d.event_id AS event, d.event_type, d.handler, d.state, d.attempts, d.next_attempt_at, d.error "
    "FROM control.deliveries d JOIN control.organizations o ON o.id = d.organization_id "
)
NEWEST = statement(
    _DELIVERY + "WHERE (CAST(:tenant AS text) IS NULL OR o.slug = :tenant) AND (CAST(:state AS text) IS NULL OR d.state = :state) "
    "ORDER BY d.id DESC LIMIT :most"
)
ONE = statement(_DELIVERY + "WHERE d.id = :id")
RETRY = statement(
    "UPDATE control.deliveries d SET state = 'waiting', attempts = 0, next_attempt_at = now(), published_at = NULL, deadline = NULL "
    "FROM control.organizations o WHERE o.id = d.organization_id AND d.state = 'quarantined' "
    "AND (CAST(:id AS uuid) IS NULL OR d.id = :id) AND (CAST(:tenant AS text) IS NULL OR o.slug = :tenant)"
)


async def newest(database: Database, *, tenant: str | None = None, state: str | None = None) -> list[dict[str, Any]]:
    """At most a thousand, newest first, in the shape of `imprint deliveries list --json`."""
    async with database.control() as connection:
        return [_shape(row) for row in await connection.fetch(NEWEST, tenant=tenant, state=state, most=MOST)]


async def one(database: Database, delivery_id: UUID) -> dict[str, Any]:
    """Raises NotFound."""
    async with database.control() as connection:
        return await _one(connection, delivery_id)


async def retry(database: Database, *, delivery_id: UUID | None = None, tenant: str | None = None) -> int:
    """Have quarantined deliveries tried again from the first attempt; returns how many. Raises NotFound for an id that is not quarantined."""
    async with database.control() as connection:
        count = await connection.execute(RETRY, id=delivery_id, tenant=tenant)
        if delivery_id is not None and not count:
            found = await _one(connection, delivery_id)
            raise NotFound(f"Delivery {delivery_id} is {found['state']}: only quarantined deliveries are tried again by hand.")
        return count


async def _one(connection: Connection, delivery_id: UUID) -> dict[str, Any]:
    row = await connection.fetchrow(ONE, id=delivery_id)
    if row is None:
        raise NotFound(f"There is no delivery {delivery_id}: imprint deliveries list shows those there are.")
    return _shape(row)


def _shape(row: Row) -> dict[str, Any]:
    shaped = dict(row.items())
    return {**shaped, "id": str(shaped["id"]), "event": str(shaped["event"]), "next_attempt_at": shaped["next_attempt_at"].isoformat()}
