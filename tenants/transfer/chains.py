"""The proof that an organization's history came over whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenants.chains import BATCH, EVENTS, Walk, settled
from tenants.transfer.errors import CopyNotVerified

if TYPE_CHECKING:
    from tenants.database import AdminConnection
    from tenants.naming import SchemaName


@dataclass(frozen=True, slots=True)
class Chains:
    """How much was verified."""

    aggregates: int
    events: int


async def verify(admin: AdminConnection, schema: SchemaName) -> Chains:
    """Within a transaction that may read the events. Raises CopyNotVerified, naming the first event that does not fit."""
    walk = Walk()
    while rows := await admin.rows(EVENTS.at(schema), walk.aggregate, walk.version, BATCH):
        for row in rows:
            if not walk.fits(row, settled(row["data"])):
                raise CopyNotVerified(
                    f"The history of {row['aggregate_type']} {walk.aggregate} does not fit together at version {row['aggregate_version']}: it was "
                    "changed before it was exported. Nothing was kept; run `imprint events verify` where it comes from."
                )
    return Chains(walk.aggregates, walk.events)
