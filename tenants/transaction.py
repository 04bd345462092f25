"""The transaction in which a tenant's state changes, together with its events, their outbox rows and its timers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tenants.database import Connection
from tenants.events import APPEND, APPEND_NUMBERED, NewEvent, StoredEvent, link
from tenants.headroom import Headroom
from tenants.ids import new_id
from tenants.spans import recording
from tenants.statements import statement
from tenants.today import Today

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Tenant

NOW = statement("SELECT now()")
SCHEDULE = statement(
    "INSERT INTO control.timers (id, kind, subject_id, due_at, data) VALUES (:id, :kind, :subject_id, :due_at, CAST(:data AS jsonb))"
)


@dataclass(frozen=True, slots=True)
class Cause:
    """Who acts and why: the person (None: the system), the request all of it belongs to, the event that led to it."""

    correlation_id: UUID
    user_id: UUID | None = None
    causation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a process remembers from one transaction to the next; it may be forgotten at any moment."""

    today: Today = field(default_factory=Today)
    headroom: Headroom = field(default_factory=Headroom)


class Transaction:
    """One unit of work in one tenant's schema. `now` is the database's clock; whatever is appended commits with it or not at all."""

    __slots__ = ("_appended", "_today", "cause", "connection", "headroom", "now", "tenant")

    def __init__(self, tenant: Tenant, connection: Connection, cause: Cause, now: datetime, remembered: Remembered) -> None:
        self.tenant = tenant
        self.connection = connection
        self.cause = cause
        self.now = now
        self.headroom = remembered.headroom
        self._today = remembered.today
        self._appended = 0

    async def append(self, aggregate_type: str, aggregate_id: UUID, version: int, events: Sequence[NewEvent]) -> None:
        """Store events that brought an aggregate to `version`, each chained to the one before, with an outbox row each.

        They may travel with the next statement or the commit, and what Postgres has against them comes then: see `transaction`.
        Raises QuotaExceeded where a person acts and the organization has had as many events today as it may; the system's own
        work goes on.
        """
        limit = self.tenant.quotas.events_per_day if self.cause.user_id else None
        if limit is not None:
            self._today.refuse_if_full(self.tenant.id, self.now, limit)
        first = version - len(events) + 1
        for position, event in enumerate(events):
            stored = StoredEvent(
                event.id,
                aggregate_type,
                aggregate_id,
                first + position,
                event.type,
                event.type_version,
                event.data,
                event.metadata,
                self.cause.user_id,
                self.cause.correlation_id,
                self.cause.causation_id,
                self.now,
            )
            values = self._row(stored)
            if limit is None:
                await self.connection.execute_later(APPEND, **values)
            else:
                last = await self.connection.fetchval(APPEND_NUMBERED, **values)
            self._appended += 1
        if limit is not None and events:
            await self._today.charge(self.connection, self.tenant.id, self.now, limit, last=last, appended=self._appended)

    async def schedule(self, kind: str, subject_id: UUID, due_at: datetime, data: dict[str, Any] | None = None) -> None:
        """Have a timer of this kind fire at `due_at`, if this transaction commits."""
        await self.connection.execute(SCHEDULE, id=new_id(), kind=kind, subject_id=subject_id, due_at=due_at, data=data or {})

    @staticmethod
    def _row(event: StoredEvent) -> dict[str, Any]:
        return {
            "id": event.id,
            "aggregate_type": event.aggregate_type,
            "aggregate_id": event.aggregate_id,
            "aggregate_version": event.aggregate_version,
            "type": event.type,
            "type_version": event.type_version,
            "data": event.data,
            "metadata": event.metadata,
            "user_id": event.user_id,
            "correlation_id": event.correlation_id,
            "causation_id": event.causation_id,
            "occurred_at": event.occurred_at,
            "link": link(event),
            "outbox_id": new_id(),
            "trace": _trace_parent(),
        }


@asynccontextmanager
async def transaction(database: Database, tenant: Tenant, cause: Cause, remembered: Remembered | None = None) -> AsyncIterator[Transaction]:
    """Begin; commit at the end of the block; roll everything back when it raises. `remembered` is for whoever opens many.

    Raises VersionTaken where another transaction stored one of the appended versions first.
    """
    async with database.writing(tenant.place) as connection:
        yield Transaction(tenant, connection, cause, await connection.fetchval(NOW), remembered or Remembered())


def _trace_parent() -> str | None:
    """The current span as a `traceparent` (W3C Trace Context), so that a worker's span continues it."""
    if not recording():
        return None
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
