"""`imprint events tail`: an organization's newest events, and those that follow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.database import Database, Row
from tenants.errors import NotFound
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement

LOOK_SECONDS = 1.0
# An event has its number and its time before it is committed: whoever looks later looks back as far as a transaction may last.
LOOK_BACK = timedelta(seconds=120)

_EVENTS = (
    "SELECT sequence_number, id, occurred_at, event_type, event_version, aggregate_type, aggregate_id, aggregate_version, user_id, correlation_id, "
    "causation_id, event_data FROM __tenant__.domain_events "
)
NEWEST = statement(_EVENTS + "ORDER BY sequence_number DESC LIMIT :most")
SINCE = statement(_EVENTS + "WHERE occurred_at > :since ORDER BY sequence_number")
NOW = statement("SELECT now()")


async def tail(
    database: Database, settings: TenantSettings, slug: str, lines: int, show: Callable[[str], None], *, follow: bool, as_json: bool
) -> None:
    """`show` gets a line for each event. Raises NotFound. Following ends by being cancelled."""
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_slug(slug)
    if tenant is None:
        raise NotFound(f"There is no organization {slug!r}; `imprint tenants list` shows those there are.")
    line = _json if as_json else _text
    now, recent, newest = await _beginning(database, tenant, lines)
    for row in newest:
        show(line(row))
    seen = {row["id"]: row["occurred_at"] for row in recent}
    while follow:
        await asyncio.sleep(LOOK_SECONDS)
        now, fresh = await _fresh(database, tenant, seen, now)
        for row in fresh:
            show(line(row))


async def _beginning(database: Database, tenant: Tenant, lines: int) -> tuple[datetime, list[Row], list[Row]]:
    async with database.snapshot(tenant.place) as connection:
        now = await connection.fetchval(NOW)
        recent = await connection.fetch(SINCE, since=now - LOOK_BACK)
        return now, recent, list(reversed(await connection.fetch(NEWEST, most=lines)))


async def _fresh(database: Database, tenant: Tenant, seen: dict[UUID, datetime], before: datetime) -> tuple[datetime, list[Row]]:
    """What was committed since; `seen` learns it, and forgets what no look will find again."""
    async with database.snapshot(tenant.place) as connection:
        now = await connection.fetchval(NOW)
        rows = [row for row in await connection.fetch(SINCE, since=before - LOOK_BACK) if row["id"] not in seen]
    seen.update({row["id"]: row["occurred_at"] for row in rows})
    for id in [id for id, at in seen.items() if at <= now - LOOK_BACK]:
        del seen[id]
    return now, rows


def _json(row: Row) -> str:
    return json.dumps(dict(row.items()), default=_plain, ensure_ascii=False)


def _text(row: Row) -> str:
    at = row["occurred_at"].astimezone(UTC).isoformat(timespec="milliseconds")
    data = json.dumps(row["event_data"], ensure_ascii=False)
    who = row["user_id"] or "system"
    return f"{at}  {row['event_type']}  {row['aggregate_type']} {row['aggregate_id']} v{row['aggregate_version']}  by {who}  {data}"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
