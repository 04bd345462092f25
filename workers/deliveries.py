"""Delivering one event to one handler: tried at least once, with effect in our database exactly once.

The attempt is counted before the handler runs, so that a crash counts. The handler's writes and the note that it ran
commit together under the tenant's role; the delivery's state in control is bookkeeping that may come late or twice.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from auth.realms.realms import Realms
from tenants.errors import RetryLater
from tenants.statements import statement
from workers import metrics
from workers.backoff import NEXT_ATTEMPT
from workers.execution import Means, Started, execute
from workers.failures import Hopeless

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Registry
    from workers.mail import Postman
    from workers.settings import WorkerSettings

LONGEST_ERROR = 1000

log = structlog.get_logger(__name__)
_tracer = trace.get_tracer("imprint.workers")

START = statement(
    """
    UPDATE control.deliveries d SET state = 'running', attempts = d.attempts + 1, deadline = now() + make_interval(secs => :deadline)
    FROM control.organizations o
    WHERE d.id = :id AND o.id = d.organization_id AND o.status = 'active' AND d.state = 'waiting' AND d.next_attempt_at <= now()
      AND NOT EXISTS (
        SELECT FROM control.deliveries e
        WHERE e.organization_id = d.organization_id AND e.aggregate_id = d.aggregate_id AND e.handler = d.handler
          AND e.aggregate_version < d.aggregate_version AND e.state IN ('waiting', 'running')
      )
    RETURNING d.id, d.organization_id, d.event_id, d.event_type, d.handler, d.attempts, d.correlation_id, d.trace,
              CAST(extract(epoch FROM now() - d.created_at) AS double precision) AS lag
    """
)
FINISH = statement(
    """
    UPDATE control.deliveries SET state = 'done', done_at = now(), deadline = NULL, error = NULL
    WHERE id = :id AND attempts = :attempt AND state = 'running'
    """
)
FAIL = statement(
    f"""
    UPDATE control.deliveries SET
      state = CASE WHEN attempts >= :attempts OR CAST(:hopeless AS boolean) THEN 'quarantined' ELSE 'waiting' END,
      next_attempt_at = {NEXT_ATTEMPT}, published_at = NULL, deadline = NULL, error = :error
    WHERE id = :id AND attempts = :attempt AND state = 'running'
    RETURNING state
    """  # noqa: S608 - the formula is our own constant
)


class Deliverer:
    """Runs deliveries; safe to ask for the same one from anywhere, any number of times, at once."""

    def __init__(self, database: Database, registry: Registry, postman: Postman, settings: WorkerSettings) -> None:
        self._database = database
        self._registry = registry
        self._means = Means(postman, Realms(database, registry.keyring))
        self._settings = settings

    async def deliver(self, delivery_id: UUID, tenant_id: UUID, event_id: UUID, handler: str) -> None:
        """Run it if it is due and nobody else does; a message that comes too early, too late or twice does nothing."""
        with structlog.contextvars.bound_contextvars(delivery=str(delivery_id), tenant=str(tenant_id), event=str(event_id), handler=handler):
            try:
                started = await self._start(delivery_id)
                if started is not None:
                    await self._run(started)
            except RetryLater as error:
                log.warning("delivery left to the sweeper", reason=error.message)

    async def _start(self, delivery_id: UUID) -> Started | None:
        async with self._database.control() as connection:
            row = await connection.fetchrow(START, id=delivery_id, deadline=float(self._settings.deadline))
        return Started(**dict(row.items())) if row else None

    async def _run(self, started: Started) -> None:
        context = TraceContextTextMapPropagator().extract({"traceparent": started.trace} if started.trace else {})
        span = _tracer.start_as_current_span(f"deliver {started.handler}", context=context, kind=trace.SpanKind.CONSUMER)
        with structlog.contextvars.bound_contextvars(correlation_id=str(started.correlation_id)), span as current:
            current.set_attributes({"event.type": started.event_type, "event.id": str(started.event_id), "delivery.attempt": started.attempts})
            metrics.LAG.labels(started.handler).observe(started.lag)
            try:
                with metrics.DURATION.labels(started.handler).time():
                    await self._execute(started)
            except Exception as error:  # noqa: BLE001 - the boundary of every handler: what went wrong is written down, then tried again
                current.record_exception(error)
                await self._fail(started, error)
            else:
                await self._finish(started)

    async def _execute(self, started: Started) -> None:
        tenant = await self._registry.by_id(started.organization_id)
        if tenant is None:
            raise Hopeless("The organization is gone.")
        structlog.contextvars.bind_contextvars(tenant=tenant.slug)
        trace.get_current_span().set_attribute("tenant", tenant.slug)
        async with asyncio.timeout(self._settings.handler_seconds):
            await execute(self._database, self._means, tenant, started, self._settings)

    async def _finish(self, started: Started) -> None:
        async with self._database.control() as connection:
            ours = await connection.execute(FINISH, id=started.id, attempt=started.attempts)
        metrics.DELIVERIES.labels(started.handler, "done" if ours else "overtaken").inc()
        log.debug("delivered", attempt=started.attempts, lag=round(started.lag, 3), ours=bool(ours))

    async def _fail(self, started: Started, error: Exception) -> None:
        limits = self._settings
        async with self._database.control() as connection:
            state = await connection.fetchval(
                FAIL,
                id=started.id,
                attempt=started.attempts,
                attempts=limits.attempts,
                hopeless=isinstance(error, Hopeless),
                first=float(limits.first_retry),
                longest=float(limits.longest_retry),
                error=_told(error, limits.handler_seconds),
            )
        outcome = {"waiting": "failed", None: "overtaken"}.get(state, state)
        metrics.DELIVERIES.labels(started.handler, outcome).inc()
        log.error("delivery failed", attempt=started.attempts, outcome=outcome, exc_info=error)


def _told(error: Exception, seconds: float) -> str:
    """One line; what Postgres adds below its first line may quote the row's values, which stay where they are."""
    if isinstance(error, TimeoutError):
        return f"The handler took longer than {seconds:g} seconds."
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}"[:LONGEST_ERROR]
