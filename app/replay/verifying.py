"""A whole organization replayed and compared, in batches, as of one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.replay.differences import Difference, differences, without_events
from app.replay.folding import Fold, Folding
from app.shared.recounts import RECOUNTS
from app.shared.snapshots import SNAPSHOTS
from tenants.chains import BATCH, BEFORE_ALL, EVENTS
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection, Database, Row
    from tenants.registry import Tenant

MOST = 1000
BYPASSED = statement(
    """
    SELECT at, table_name, row_key, operation, session_role, effective_role, transaction_id, count(*) OVER () AS in_all
    FROM __tenant__.audit_log ORDER BY id DESC LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain of an aggregate's events first does not fit: one was changed, taken out or put in."""

    aggregate_type: str
    aggregate_id: UUID
    version: int


@dataclass(slots=True)
class Verification:
    """What was found. Of differences, breaks and changes past the application a thousand each are kept, and all are counted.

    `bypassed`: the newest changes that triggers noted; they are witnesses, whether or not something still differs.
    """

    aggregates: int = 0
    events: int = 0
    differences: list[Difference] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    bypassed: list[dict[str, Any]] = field(default_factory=list)
    differences_in_all: int = 0
    breaks_in_all: int = 0
    bypassed_in_all: int = 0

    @property
    def clean(self) -> bool:
        return not self.differences_in_all and not self.breaks_in_all

    def found(self, difference: Difference) -> None:
        self.differences_in_all += 1
        if len(self.differences) < MOST:
            self.differences.append(difference)

    def broken(self, fold: Fold) -> None:
        if fold.broken is not None:
            self.breaks_in_all += 1
            if len(self.breaks) < MOST:
                self.breaks.append(Break(fold.type, fold.id, fold.broken))


async def verify(database: Database, tenant: Tenant) -> Verification:
    """Every event is read once, in the order of its aggregate; memory does not grow with their number."""
    found = Verification()
    async with database.snapshot(tenant.place) as connection:
        await _replay(connection, tenant, found)
        await _look_for_strays(connection, found)
        await _recount(connection, found)
        rows = await connection.fetch(BYPASSED, most=MOST)
    found.bypassed = [{name: value for name, value in row.items() if name != "in_all"} for row in rows]
    found.bypassed_in_all = rows[0]["in_all"] if rows else 0
    return found


async def _replay(connection: Connection, tenant: Tenant, found: Verification) -> None:
    """A batch of events is folded while Postgres reads the next."""
    folding = Folding()
    rows = await connection.fetch(EVENTS, aggregate=BEFORE_ALL, version=0, batch=BATCH)
    while rows:
        last = rows[-1]
        following = connection.fetch(EVENTS, aggregate=last["aggregate_id"], version=last["aggregate_version"], batch=BATCH)
        rows, folds = await _beside(following, partial(list, folding.feed(rows)))
        await _compare(connection, tenant, folds, found)
    await _compare(connection, tenant, folding.last(), found)
    found.aggregates, found.events = folding.walk.aggregates, folding.walk.events


async def _beside(fetching: Coroutine[Any, Any, list[Row]], work: Callable[[], list[Fold]]) -> tuple[list[Row], list[Fold]]:
    """Ask, work while Postgres does, then take the answer."""
    answer = asyncio.ensure_future(fetching)
    try:
        await asyncio.sleep(0)  # in this turn of the loop the question is sent
        done = work()
        return await answer, done
    except BaseException:
        answer.cancel()
        raise


async def _compare(connection: Connection, tenant: Tenant, folds: Iterable[Fold], found: Verification) -> None:
    by_type: dict[str, list[Fold]] = {}
    for fold in folds:
        by_type.setdefault(fold.type, []).append(fold)
        found.broken(fold)
    for kind, of_kind in by_type.items():
        rows = await _rows(connection, kind, of_kind)
        for fold in of_kind:
            for difference in differences(fold, rows.get(fold.id), tenant.key):
                found.found(difference)


async def _rows(connection: Connection, kind: str, folds: list[Fold]) -> dict[UUID, Row]:
    """None for what this release does not know."""
    if kind not in SNAPSHOTS:
        return {}
    return {row["id"]: row for row in await connection.fetch(SNAPSHOTS[kind].rows, ids=[fold.id for fold in folds])}


async def _look_for_strays(connection: Connection, found: Verification) -> None:
    for kind, how in SNAPSHOTS.items():
        after = BEFORE_ALL
        while rows := await connection.fetch(how.strays, after=after, type=kind, batch=BATCH):
            for row in rows:
                found.found(without_events(kind, row["id"]))
            after = rows[-1]["id"]


async def _recount(connection: Connection, found: Verification) -> None:
    """What follows from rows and events without being an aggregate, held against what it follows from."""
    for counted in RECOUNTS:
        after = BEFORE_ALL
        while rows := await connection.fetch(counted.ids, after=after, batch=counted.batch):
            ids = [row["id"] for row in rows]
            for row in await connection.fetch(counted.differences, ids=ids):
                found.found(Difference(counted.type, row["id"], row["field"], row["row"], row["recount"]))
            after = ids[-1]
