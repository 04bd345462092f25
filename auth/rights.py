"""What a session may do now: its state and its person's rights, read again every few seconds."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from auth.accounts import Accounts
from auth.principal import Kind, Principal
from auth.sessions import Sessions
from tenants.registry import Tenant

MOST_CACHED = 20_000

_Key = tuple[UUID, UUID | bytes]


class Rights:
    """Principals by session, each at most `oldest` seconds old; None where the session is over or its person may not act.

    Requests that ask for the same session at the same moment share one reading.
    """

    def __init__(self, sessions: Sessions, accounts: Accounts, *, oldest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._oldest = oldest
        self._clock = clock
        self._known: OrderedDict[_Key, tuple[float, Principal | None]] = OrderedDict()
        self._reading: dict[_Key, asyncio.Task[Principal | None]] = {}

    async def of(self, tenant: Tenant, session: UUID | bytes) -> Principal | None:
        """By the session's id, or by the hash of its cookie's value."""
        key = (tenant.id, session)
        known = self._known.get(key)
        if known is not None and self._clock() < known[0]:
            return known[1]
        reading = self._reading.get(key)
        if reading is None:
            reading = asyncio.create_task(self._read(tenant, session))
            self._reading[key] = reading
            reading.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(reading)

    def forget(self, tenant: Tenant, session_id: UUID) -> None:
        """This process hears of a change at once; the others within `oldest` seconds."""
        self._known.pop((tenant.id, session_id), None)
        gone = [key for key, (_, principal) in self._known.items() if principal is not None and principal.session_id == session_id]
        for key in gone:
            del self._known[key]

    async def _read(self, tenant: Tenant, session: UUID | bytes) -> Principal | None:
        until = self._clock() + self._oldest
        principal = await self._principal(tenant, session)
        self._known[tenant.id, session] = (until, principal)
        self._known.move_to_end((tenant.id, session))
        if len(self._known) > MOST_CACHED:
            self._known.popitem(last=False)
        return principal

    async def _principal(self, tenant: Tenant, session: UUID | bytes) -> Principal | None:
        found = await (self._sessions.by_id(tenant, session) if isinstance(session, UUID) else self._sessions.by_secret(tenant, session))
        if found is None:
            return None
        account = await self._accounts.get(tenant, found.user_id)
        if account is None or account.status != "active":
            return None
        return Principal(
            Kind.PERSON, account.user_id, account.role, account.permissions, found.id, language=account.language, elevated=found.elevated
        )

    def _done(self, key: _Key, task: asyncio.Task[Principal | None]) -> None:
        self._reading.pop(key, None)
        if not task.cancelled():
            task.exception()
