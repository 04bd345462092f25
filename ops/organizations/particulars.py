"""What operators want to know of one organization besides its registry row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.statements import statement

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.database import Database
    from tenants.lifecycle.domains import Domain

DOMAINS = statement("SELECT host, verified_at FROM control.domains WHERE organization_id = CAST(:organization AS uuid) ORDER BY host")
FORMER = statement("SELECT slug FROM control.former_slugs WHERE organization_id = CAST(:organization AS uuid) ORDER BY given_up_at, slug")
ENTRY = statement(
    "SELECT suspended_because, deleted_at, purge_after, purge_began_at FROM control.organizations WHERE id = CAST(:organization AS uuid)"
)


async def particulars(database: Database, organization: UUID) -> dict[str, Any]:
    """Its domains, the slugs it once had, why it is suspended, when it was deleted and from when on it may be purged."""
    async with database.control() as connection:
        domains = await connection.fetch(DOMAINS, organization=organization)
        former = await connection.fetch(FORMER, organization=organization)
        entry = await connection.fetchrow(ENTRY, organization=organization)
    return {
        "domains": [{"host": domain["host"], "verified": domain["verified_at"] is not None} for domain in domains],
        "former_slugs": [row["slug"] for row in former],
        **({name: moment(value) for name, value in entry.items()} if entry else {}),
    }


def moment(value: datetime | str | None) -> str | None:
    """As JSON tells it."""
    return value if value is None or isinstance(value, str) else value.isoformat()


def as_shown(domain: Domain) -> dict[str, Any]:
    """A host of an organization's own with the TXT record that proves it, in the shape of `imprint tenants domains --json`."""
    return {
        "host": domain.host,
        "verified": domain.verified_at is not None,
        "verified_at": moment(domain.verified_at),
        "record": {"name": domain.record, "type": "TXT", "value": domain.value},
        "created_at": moment(domain.created_at),
    }
