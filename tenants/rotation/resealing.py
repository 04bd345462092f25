"""Bringing what lies under an organization's old key under its new one, a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenants.database import repeatable
from tenants.ids import new_id
from tenants.rotation.declared import Protected
from tenants.secrets import Undecipherable
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Tenant

BATCH = 200

Heard = Callable[[int], None]
"""Who wants to know how far it is: how many rows were looked at since the last time."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`last`: where the next one begins; None: there is none. `locked`: rows that neither key opens."""

    last: Any
    looked_at: int = 0
    resealed: int = 0
    locked: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    resealed: int
    locked: int


async def reseal(database: Database, tenant: Tenant, parts: Sequence[Protected], heard: Heard) -> Pass:
    """Pass over everything until a pass finds nothing left under the old key. Safe to be interrupted and begun again.

    Rows that neither key opens are counted and left as they are: they were lost before.
    """
    resealed = 0
    while True:
        found = [await _pass(database, tenant, part, heard) for part in parts]
        resealed += sum(one.resealed for one in found)
        if not any(one.resealed for one in found):
            return Pass(resealed, sum(one.locked for one in found))


async def _pass(database: Database, tenant: Tenant, part: Protected, heard: Heard) -> Pass:
    batch, resealed, locked = await _batch(database, tenant, part, None), 0, 0
    while True:
        resealed, locked = resealed + batch.resealed, locked + batch.locked
        heard(batch.looked_at)
        if batch.last is None:
            return Pass(resealed, locked)
        batch = await _batch(database, tenant, part, batch.last)


@repeatable
async def _batch(database: Database, tenant: Tenant, part: Protected, after: Any) -> Batch:
    async with transaction(database, tenant, Cause(new_id())) as change:
        rows = await change.connection.fetch(part.page, after=after, batch=BATCH)
        resealed = locked = 0
        for row in rows:
            try:
                values = part.resealed(row, tenant.key)
            except Undecipherable:
                locked += 1
                continue
            if values is not None:
                resealed += await change.connection.execute(part.save, **values)
    return Batch(rows[-1]["key"] if len(rows) == BATCH else None, len(rows), resealed, locked)
