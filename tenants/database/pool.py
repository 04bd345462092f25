"""Lending connections so that a tenant keeps meeting the same few backends, and no tenant takes them all.

A backend pays milliseconds and memory for each tenant it first meets. Rendezvous hashing gives every tenant its own
order of backends; it takes the first idle one in that order that has met it, waits a moment for one that has and is at
work, and only then teaches another. Whoever finds all of them taken is served round-robin over tenants.
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

from tenants.database.backend import Backend, Limits, rest_locally
from tenants.database.connection import Connection
from tenants.database.failures import DatabaseBusy, StatementOutdated, TransactionLost, translated
from tenants.database.measures import MET, REFUSED, RETIRED
from tenants.database.wishes import Wishes
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
_DOOR = "SET LOCAL imprint.door = 'bus'"
_WRITING = "BEGIN"
_LOOKING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL statement_timeout = 0"


class Database:
    """A bounded set of connections to one Postgres, as the server's login role."""

    def __init__(self, settings: TenantSettings, *, connections: int | None = None) -> None:
        size = connections or settings.connections
        self._url = settings.database_url
        self._session = settings.pooling == "session"
        self._limits = Limits(
            tenants=settings.tenants_per_connection,
            memory=settings.backend_memory,
            age=settings.connection_age,
            statements=settings.statement_cache,
            session_pooling=self._session,
            lock=settings.lock_seconds,
            statement=settings.statement_seconds,
        )
        self._rest = () if self._session else tuple(rest_locally(self._limits))
        self._wait = settings.acquire_timeout
        self._backends = [Backend(index) for index in range(size)]
        self._idle = set(range(size))
        self._share = max(1, min(size - 1, (size * 3 + 3) // 4))
        self._held: dict[str, int] = {}
        self._waiting: OrderedDict[str, deque[asyncio.Future[int]]] = OrderedDict()
        self._wishes = Wishes()
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
        return _Lease(self, None, switch=True) if self._session else self.writing(None)

    def reading(self, place: Place) -> AbstractAsyncContextManager[Connection]:
        """A connection that acts as the tenant, each statement by itself."""
        return _Lease(self, place, switch=True) if self._session else self.writing(place)

    def writing(self, place: Place | None) -> AbstractAsyncContextManager[Connection]:
        """A transaction as the tenant (None: in control); commits at the end, rolls back on any error."""
        return self._transaction(place, (_WRITING, *self._rest, _DOOR))

    def snapshot(self, place: Place) -> AbstractAsyncContextManager[Connection]:
        """A transaction as the tenant that only reads, all of it as of one moment, and for as long as it takes."""
        begin, unhurried = _LOOKING
        return self._transaction(place, (begin, *self._rest, _DOOR, unhurried))

    @asynccontextmanager
    async def _transaction(self, place: Place | None, begin: tuple[str, ...]) -> AsyncIterator[Connection]:
        if place and not self._session:
            begin = (*begin, f"SET LOCAL ROLE {quoted(place.role)}")
        async with _Lease(self, place, switch=self._session, begin=begin) as connection:
            try:
                yield connection
                committed = not connection.begun or await connection.simple("COMMIT") == "COMMIT"
            except BaseException as error:
                connection.undone()
                if isinstance(error, StatementOutdated):
                    self.forget_statements(place.schema if place else _CONTROL)
                if connection.begun:
                    await _roll_back(connection)
                raise
            if not committed:
                connection.undone()
                raise TransactionLost

    def forget_statements(self, schema: str) -> None:
        """Let no backend use a statement again that it prepared before this schema changed."""
        for backend in self._backends:
            if schema in backend.met:
                backend.outdated.add(schema)

    async def lend(self, place: Place | None, *, switch: bool, begin: tuple[str, ...] = ()) -> tuple[Backend, Connection]:
        """A backend that acts as the tenant, from its first statement on. Whoever borrows gives it back with `settle`, whatever happens."""
        key, role = (place.schema, place.role) if place else (_CONTROL, None)
        backend = self._backends[await self._claim(key)]
        raw = backend.raw
        if raw is None or raw.is_closed():
            try:
                with translated():
                    raw = await backend.ready(self._url, self._limits)
            except BaseException:
                self.settle(key, backend, reusable=False)
                raise
        if key not in backend.met:
            backend.met.add(key)
            MET.inc()
        if key in backend.outdated:
            backend.forget_outdated()
        acting = backend.to_act_as(role) if switch else None
        return backend, Connection(backend, raw, place.schema if place else None, role if switch else None, (acting, *begin) if acting else begin)

    def settle(self, key: str, backend: Backend, *, reusable: bool) -> None:
        """Take a backend back; one in doubt, or one that has met too many tenants, is closed."""
        reason = backend.worn_out(self._limits) if reusable and backend.raw is not None else None
        if reason:
            RETIRED.labels(reason).inc()
        if reason or not reusable or self._closed:
            backend.abandon()
        self._give_back(key, backend.index)

    async def _claim(self, key: str) -> int:
        """The backend that is this tenant's from now on. Raises DatabaseBusy."""
        if not self._may_claim(key):
            return await self._wait_for_one(key)
        index, busy = self._acquainted(key)
        if index is not None:
            return self._take(key, index)
        if busy and (granted := await self._wish(key, busy)) is not None:
            return granted
        return self._claim_best(key) if self._may_claim(key) else await self._wait_for_one(key)

    def _may_claim(self, key: str) -> bool:
        return bool(self._idle) and self._below_share(key)

    def _below_share(self, key: str) -> bool:
        return self._held.get(key, 0) < self._share

    def _acquainted(self, key: str) -> tuple[int | None, list[int]]:
        """The first idle backend in the tenant's order that has met it; where there is none, those that have and are at work."""
        busy: list[int] = []
        for index in _order(key, len(self._backends)):
            if key in self._backends[index].met:
                if index in self._idle:
                    return index, busy
                busy.append(index)
        return None, busy

    def _claim_best(self, key: str) -> int:
        """The first idle backend in the tenant's order that has met it, else the first idle one."""
        index, _ = self._acquainted(key)
        if index is None:
            index = next(index for index in _order(key, len(self._backends)) if index in self._idle)
        return self._take(key, index)

    def _take(self, key: str, index: int) -> int:
        self._idle.discard(index)
        self._held[key] = self._held.get(key, 0) + 1
        return index

    async def _wish(self, key: str, busy: list[int]) -> int | None:
        """One of these, if it comes free soon; already taken for this tenant."""
        wish = self._wishes.begin(key, busy)
        if wish is None:
            return None
        try:
            return await wish.granted
        except BaseException:
            if wish.granted.done() and not wish.granted.cancelled() and (index := wish.granted.result()) is not None:
                self._give_back(key, index)  # granted in the very moment in which the wait ended
            raise
        finally:
            self._wishes.end(wish)

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
                REFUSED.inc()
                raise DatabaseBusy("All connections are busy; try again in a moment.") from None
            raise

    def _give_back(self, key: str, index: int) -> None:
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
        wish = self._wishes.next_for(index, self._below_share)
        if wish is not None:
            wish.granted.set_result(self._take(wish.key, index))
        else:
            self._idle.add(index)
        if self._waiting and self._idle:
            self._serve_next()

    def _serve_next(self) -> None:
        """Hand idle backends to those who wait, one tenant after the other; control first, by which tenants are found at all."""
        if _CONTROL in self._waiting:
            self._waiting.move_to_end(_CONTROL, last=False)
        for key in list(self._waiting):
            queue = self._waiting[key]
            while queue and queue[0].done():
                queue.popleft()
            if not queue:
                del self._waiting[key]
            elif self._may_claim(key):
                queue.popleft().set_result(self._claim_best(key))
                self._waiting.move_to_end(key)


class _Lease:
    """One loan of a connection, for an `async with` block."""

    __slots__ = ("_backend", "_begin", "_database", "_place", "_switch")

    def __init__(self, database: Database, place: Place | None, *, switch: bool, begin: tuple[str, ...] = ()) -> None:
        self._database = database
        self._place = place
        self._switch = switch
        self._begin = begin
        self._backend: Backend | None = None

    async def __aenter__(self) -> Connection:
        self._backend, connection = await self._database.lend(self._place, switch=self._switch, begin=self._begin)
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
