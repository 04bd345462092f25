"""What happens at the operators' console, in the operators' audit: written in the transaction that did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tenants.ids import new_id
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection

NOBODY = "nobody"
INSERT = statement("INSERT INTO control.operator_audit (id, actor, action, details) VALUES (:id, :actor, :action, CAST(:details AS jsonb))")
NEWEST = statement("SELECT at, actor, action, slug, details FROM control.operator_audit ORDER BY at DESC, id DESC LIMIT :most")


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    actor: str
    action: str
    slug: str | None
    details: dict[str, Any]


async def note(connection: Connection, actor: str, action: str, **details: Any) -> None:
    """`actor`: the operator's address, or NOBODY. Details are JSON, never secrets nor what somebody typed."""
    await connection.execute(INSERT, id=new_id(), actor=actor, action=action, details=details)


async def newest(connection: Connection, most: int) -> list[Line]:
    return [Line(**dict(row.items())) for row in await connection.fetch(NEWEST, most=most)]
