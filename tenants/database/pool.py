"""Lending connections so that a tenant keeps meeting the same few backends, and no tenant takes them all.

A backend pays milliseconds and memory for each tenant it first meets. Rendezvous hashing gives every tenant its own
order of backends; it takes the first idle one in that order. Whoever waits is served round-robin over tenants.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from tenants.database.backend import Backend, Limits
from tenants.database.connection import Connection
from tenants.database.failures import DatabaseBusy, TransactionLost, translated
from tenants.errors import RetryLater
from tenants.naming import quoted

if TYPE_CHECKING:
    from tenants.naming import RoleName, SchemaName
    from tenants.settings import TenantSettings


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tenant's data lies and as whom it is reached."""

    schema: SchemaName
    role: RoleName


_CONTROL = "control"
_BEGIN = "BEGIN; SET LOCAL imprint.door = 'bus'"


class Database:
    """A bounded set of connections to one Postgres, as the server's login role."""

    def __init__(self, settings: TenantSettings, *, connections: int | None = None) -> None:
        size = connections or settings.connections
        self._url = settings.database_url
        self._session = settings.pooling == "session"
        self._limits = Limits(
            tenants=settings.tenants_per_connection,
            age=settings.connection_age,
            statements=settings.statement_cache,
            session_pooling=self._session,
            lock=settings.lock_seconds,
            statement=settings.statement_seconds,
        )
        self._wait = settings.acquire_timeout
        self._backends = [Backend(index) for index in range(size)]
        self._idle = set(range(size))
        self._share = max(1, min(size - 1, (size * 3 + 3) // 4))
        self._held: dict[str, int] = {}
        self._waiting: OrderedDict[str, deque[asyncio.Future[int]]] = OrderedDict()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self._closed = True
        await asyncio.gather(*(backend.close() for backend in self._backends))

    def control(self) -> AbstractAsyncContextManager[Connection]:
        """A connection at rest: the control schema, as the login role; no tenant's table is readable."""
        return _Lease(self, None, switch=self._session)

    def reading(self, place: Place) -> AbstractAsyncContextManager[Connection]:
        """A connection that acts as the tenant, each statement by itself."""
        return _Lease(self, place, switch=True) if self._session else self.writing(place)

    @asynccontextmanager
    async def writing(self, place: Place | None) -> AsyncIterator[Connection]:
        """A transaction as the tenant (None: in control); commits at the end, rolls back on any error."""
        async with _Lease(self, place, switch=self._session) as connection:
            local_role = f"; SET LOCAL ROLE {quoted(place.role)}" if place and not self._session else ""
            await connection.simple(_BEGIN + local_role)
            try:
                yield connection
            except BaseException:
                await _roll_back(connection)
                raise
            if await connection.simple("COMMIT") != "COMMIT":
                raise TransactionLost

    async def lend(self, place: Place | None, *, switch: bool) -> tuple[Backend, Connection]:
        """A backend that acts as the tenant. Whoever borrows gives it back with `settle`, whatever happens."""
        key, role = (place.schema, place.role) if place else (_CONTROL, None)
        backend = self._backends[self._claim_idle(key) if self._may_claim(key) else await self._wait_for_one(key)]
        raw = backend.raw
        if raw is None or raw.is_closed() or (switch and backend.role != role):
            try:
                with translated():
                    raw = await backend.ready(self._url, self._limits)
                    if switch:
                        await backend.take_role(role)
            except BaseException:
                self.settle(key, backend, reusable=False)
                raise
        backend.met.add(key)
        return backend, Connection(raw, place.schema if place else None)

    def settle(self, key: str, backend: Backend, *, reusable: bool) -> None:
        """Take a backend back; one in doubt, or one that has met too many tenants, is closed."""
        if not reusable or self._closed or backend.worn_out(self._limits):
            backend.abandon()
        self._give_back(key, backend.index)

    def _may_claim(self, key: str) -> bool:
        return bool(self._idle) and self._held.get(key, 0) < self._share

    def _claim_idle(self, key: str) -> int:
        """The first idle backend in the tenant's order."""
        for index in _order(key, len(self._backends)):
            if index in self._idle:
                break
        self._idle.discard(index)
        self._held[key] = self._held.get(key, 0) + 1
        return index

    async def _wait_for_one(self, key: str) -> int:
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(waiter)
        try:
            async with asyncio.timeout(self._wait):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():  # handed out in the very moment in which the wait ended
                self._give_back(key, waiter.result())
            if isinstance(error, TimeoutError):
                raise DatabaseBusy("All connections are busy; try again in a moment.") from None
            raise

    def _give_back(self, key: str, index: int) -> None:
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
        self._idle.add(index)
        if self._waiting:
            self._serve_next()

    def _serve_next(self) -> None:
        """Hand idle backends to those who wait, one tenant after the other."""
        for key in list(self._waiting):
            queue = self._waiting[key]
            while queue and queue[0].done():
                queue.popleft()
            if not queue:
                del self._waiting[key]
            elif self._may_claim(key):
                queue.popleft().set_result(self._claim_idle(key))
                self._waiting.move_to_end(key)


class _Lease:
    """One loan of a connection, for an `async with` block."""

    __slots__ = ("_backend", "_database", "_place", "_switch")

    def __init__(self, database: Database, place: Place | None, *, switch: bool) -> None:
        self._database = database
        self._place = place
        self._switch = switch
        self._backend: Backend | None = None

    async def __aenter__(self) -> Connection:
        self._backend, connection = await self._database.lend(self._place, switch=self._switch)
        return connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._backend is None:
            return
        reusable = kind is None or (issubclass(kind, Exception) and self._backend.at_rest())
        try:
            if not reusable:
                # Nobody knows what the backend is still doing: only a proper close makes the server stop it.
                await asyncio.shield(self._backend.close())
        finally:
            self._database.settle(self._place.schema if self._place else _CONTROL, self._backend, reusable=reusable)


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.simple("ROLLBACK")
    except RetryLater:
        return


@lru_cache(maxsize=16_384)
def _order(key: str, size: int) -> tuple[int, ...]:
    """Backends from most to least preferred by this tenant (highest random weight, Thaler and Ravishankar 1998)."""
    return tuple(sorted(range(size), key=lambda index: hashlib.blake2b(f"{index}:{key}".encode(), digest_size=8).digest()))
