"""The one door through which the state of a tenant changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from opentelemetry import trace

import app.comments.commands
import app.content.commands
import app.engagement.commands
import app.following.commands
import app.management.commands
import app.taxonomy.commands
import app.users.commands  # noqa: F401 - importing a context's commands registers their handlers
from app.conflicts import conflict
from app.shared.aggregates import Aside
from app.shared.commands import HANDLERS, Touched
from app.shared.events import to_store
from app.shared.recording import ChangedMeanwhile
from auth.principal import SYSTEM, Principal
from tenants.database import Database, repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.spans import NO_SPAN, recording
from tenants.transaction import Cause, Remembered, Transaction, transaction

_tracer = trace.get_tracer("imprint.bus")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command touched and which events it caused; unchanged where there was nothing to do. `aside`: it did what no event tells of."""

    aggregates: tuple[UUID, ...]
    events: tuple[UUID, ...]
    aside: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.events) or self.aside


class Unit:
    """Several commands that are one change."""

    def __init__(
        self, tx: Transaction, who: Principal, visitor: Callable[[], bytes] = bytes, address: Callable[[], str | None] | None = None
    ) -> None:
        self._tx = tx
        self._address = address
        self._who = who
        self._visitor = visitor

    @property
    def visitor(self) -> bytes:
        """What tells readers who are nobody apart; nothing where no request brought them."""
        return self._visitor()

    @property
    def address(self) -> str | None:
        """The IP address from where this is asked for; None where no request brought it."""
        return self._address() if self._address else None

    @property
    def transaction(self) -> Transaction:
        """For reads that decide how a change is answered."""
        return self._tx

    async def execute(self, command: object) -> Outcome:
        """Policy, rules, rows, events and outbox of one command, within this unit. What the one before appended is in its place by then."""
        await self._tx.connection.settle()
        with self._span(command):
            touched = await self._handled(command)
            metadata = {"connection": str(self._who.connection_id)} if self._who.connection_id else None
            stored: list[UUID] = []
            aside = False
            for aggregate in touched:
                if isinstance(aggregate, Aside):
                    aside = aside or aggregate.changed
                    continue
                events = [to_store(happened, metadata) for happened in aggregate.recorded]
                if events:
                    await self._tx.append(aggregate.type, aggregate.id, aggregate.version, events)
                stored.extend(event.id for event in events)
            return Outcome(tuple(aggregate.id for aggregate in touched), tuple(stored), aside)

    def _span(self, command: object) -> AbstractContextManager[object]:
        return _tracer.start_as_current_span(type(command).__name__, attributes={"tenant": self._tx.tenant.slug}) if recording() else NO_SPAN

    async def rehearse(self, command: object) -> Sequence[object]:
        """What it would leave behind; whoever asks undoes this unit."""
        return await self._handled(command)

    async def _handled(self, command: object) -> Touched:
        try:
            return await HANDLERS[type(command)](command, self._who, self._tx)
        except ChangedMeanwhile as overtaken:
            raise await conflict(self._tx, self._who, overtaken) from None


class _Undone(Exception):
    """A rehearsal is over."""


class Bus:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered = Remembered()

    @repeatable
    async def execute(self, tenant: Tenant, command: object, who: Principal, *, correlation_id: UUID, causation_id: UUID | None = None) -> Outcome:
        """Run one command in one transaction; its events and outbox rows commit with it or not at all.

        Raises the Refusal of whichever rule said no.
        """
        async with self.unit(tenant, who, correlation_id=correlation_id, causation_id=causation_id) as unit:
            return await unit.execute(command)

    async def as_system(self, tenant: Tenant, command: object, correlation_id: UUID) -> Outcome:
        """A command of the product itself, after its own checks."""
        return await self.execute(tenant, command, SYSTEM, correlation_id=correlation_id)

    @repeatable
    async def rehearse_as_system(self, tenant: Tenant, command: object) -> Sequence[object]:
        """The aggregates as a command of the product would leave them; then all of it is undone. Raises as `execute`."""
        left: Sequence[object] = ()
        with suppress(_Undone):
            async with self.unit(tenant, SYSTEM, correlation_id=new_id()) as unit:
                left = await unit.rehearse(command)
                raise _Undone
        return left

    @asynccontextmanager
    async def unit(
        self,
        tenant: Tenant,
        who: Principal,
        *,
        correlation_id: UUID,
        causation_id: UUID | None = None,
        visitor: Callable[[], bytes] = bytes,
        address: Callable[[], str | None] | None = None,
    ) -> AsyncIterator[Unit]:
        """One transaction for several commands. `address`: from where they are asked for."""
        async with transaction(self._database, tenant, Cause(correlation_id, who.user_id, causation_id), self._remembered) as tx:
            yield Unit(tx, who, visitor, address)
