"""Anchoring histories, night after night: those to which something was added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from migrations.serving import serves
from tenants.anchoring import HistoryBroken, anchor
from tenants.statements import statement
from workers.metrics import BROKEN_HISTORIES

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Listed, Registry
    from tenants.secrets import Keyring

ADDED = statement(
    """
    SELECT coalesce(max(e.occurred_at) > (SELECT max(a.made_at) FROM __tenant__.history_anchors a), max(e.occurred_at) IS NOT NULL)
    FROM __tenant__.domain_events e
    """
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The visit of a daily round. A history that does not hold its anchor is told to the log and counted, and keeps the anchor it had."""

    database: Database
    registry: Registry
    keyring: Keyring

    async def __call__(self, listed: Listed) -> bool:
        if not serves(listed.revision):
            return False
        async with self.database.reading(listed.place) as connection:
            if not await connection.fetchval(ADDED):
                return False
        tenant = await self.registry.by_slug(listed.slug)
        if tenant is None:
            return False
        try:
            made = await anchor(self.database, tenant, self.keyring)
        except HistoryBroken as broken:
            BROKEN_HISTORIES.inc()
            log.error("a history does not hold its anchor", tenant=listed.slug, reason=broken.message)  # noqa: TRY400 - the reason says it all
            return False
        log.info("history anchored", tenant=listed.slug, number=made.number, events=made.events, digest=made.digest.hex())
        return False
