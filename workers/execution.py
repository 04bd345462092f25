"""Running a handler in the way its kind needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from tenants.database import repeatable
from tenants.events import READ, StoredEvent, from_row
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from workers.failures import Hopeless
from workers.reactions.registry import INSIDE, OUTSIDE, OUTSIDE_TIMERS, TIMERS, CallingOut, Firing, FiringOut, Reacting

if TYPE_CHECKING:
    from auth.realms.realms import Realms
    from tenants.database import Connection, Database, Row
    from tenants.registry import Tenant
    from workers.mail import Postman
    from workers.settings import WorkerSettings

MARK = statement("INSERT INTO __tenant__.handled (event_id, handler) VALUES (:event_id, :handler) ON CONFLICT DO NOTHING")
MARKED = statement("SELECT true FROM __tenant__.handled WHERE event_id = :event_id AND handler = :handler")
TIMER = statement("SELECT subject_id, due_at, data FROM control.timers WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Means:
    """What effects outside of organizations are made with."""

    postman: Postman
    realms: Realms


@dataclass(frozen=True, slots=True)
class Started:
    """A delivery that is ours to run until its deadline. `lag` is seconds since it was expanded."""

    id: UUID
    organization_id: UUID
    event_id: UUID
    event_type: str
    handler: str
    attempts: int
    correlation_id: UUID
    trace: str | None
    lag: float


async def execute(database: Database, means: Means, tenant: Tenant, started: Started, settings: WorkerSettings) -> None:
    """Run the delivery's handler to its end, unless it has had its effect already. Raises whatever the handler raises."""
    name = started.handler
    if name in OUTSIDE or name in OUTSIDE_TIMERS:
        await _call_out(database, means, tenant, started)
        return
    if name not in INSIDE and name not in TIMERS:
        raise Hopeless(f"This release has no handler {name!r}; start a release that has it, then retry the delivery.")
    timer = await _timer(database, started) if name in TIMERS else None
    await _handle(database, tenant, started, timer, settings)


@repeatable
async def _handle(database: Database, tenant: Tenant, started: Started, timer: Row | None, settings: WorkerSettings) -> None:
    name = started.handler
    async with transaction(database, tenant, Cause(started.correlation_id, causation_id=started.event_id)) as tx:
        # A process that stands still must not hold the note, or the next one would wait for it.
        await tx.connection.simple(f"SET LOCAL idle_in_transaction_session_timeout = {int(settings.idle_seconds * 1000)}")
        if not await tx.connection.execute(MARK, event_id=started.event_id, handler=name):
            return
        if timer is None:
            await INSIDE[name](Reacting(tenant, await _event(tx.connection, started), tx))
        else:
            await TIMERS[name](Firing(tenant, started.event_id, timer["subject_id"], timer["due_at"], timer["data"], tx))


async def _call_out(database: Database, means: Means, tenant: Tenant, started: Started) -> None:
    async with database.reading(tenant.place) as connection:
        if await connection.fetchval(MARKED, event_id=started.event_id, handler=started.handler):
            return
        event = await _event(connection, started) if started.handler in OUTSIDE else None
    if event is not None:
        await OUTSIDE[started.handler](CallingOut(tenant, event, started.id, database, means.postman, means.realms))
    else:
        timer = await _timer(database, started)
        due = FiringOut(tenant, started.event_id, timer["subject_id"], timer["data"], started.id, database, means.postman)
        await OUTSIDE_TIMERS[started.handler](due)
    async with database.reading(tenant.place) as connection:
        await connection.execute(MARK, event_id=started.event_id, handler=started.handler)


async def _event(connection: Connection, started: Started) -> StoredEvent:
    row = await connection.fetchrow(READ, id=started.event_id)
    if row is None:
        raise Hopeless("The event is not in the organization's log; run `imprint events verify`.")
    return from_row(row)


async def _timer(database: Database, started: Started) -> Row:
    async with database.control() as connection:
        row = await connection.fetchrow(TIMER, id=started.event_id)
    if row is None:
        raise Hopeless("The timer is gone.")
    return row
