"""Letting go of raw views and shares whose days have long been added up, and of what could say whose they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.engagement.values import DAYS_KEPT
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection

_TODAY = "(now() AT TIME ZONE 'UTC')::date"
OLD = (
    statement(
        f"""
        DELETE FROM __tenant__.post_views WHERE (post_id, day, viewer) IN (
          SELECT post_id, day, viewer FROM __tenant__.post_views WHERE day < {_TODAY} - {DAYS_KEPT} LIMIT :rows
        )
        """  # noqa: S608 - our own constants
    ),
    statement(
        f"""
        DELETE FROM __tenant__.post_shares WHERE (day, sharer, number) IN (
          SELECT day, sharer, number FROM __tenant__.post_shares WHERE day < {_TODAY} - {DAYS_KEPT} LIMIT :rows
        )
        """  # noqa: S608 - our own constants
    ),
)
SALTS = statement(f"DELETE FROM __tenant__.viewer_salts WHERE day < {_TODAY}")  # noqa: S608 - our own constant


async def let_go(connection: Connection, rows: int) -> int:
    """Delete, as the tenant, up to `rows` of each kind. Returns the larger of the counts: `rows` means that there may be more."""
    await connection.execute(SALTS)
    return max([await connection.execute(delete, rows=rows) for delete in OLD])
