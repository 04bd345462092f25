"""The one way in: whichever module proved who somebody is, here they get their session."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from auth.accounts import Account
from auth.grants import Grants, TokenPair
from auth.sessions import Device, NewSession, Sessions
from auth.settings import AuthSettings
from tenants.registry import Tenant
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database


class Flow:
    def __init__(self, settings: AuthSettings, database: Database, sessions: Sessions, grants: Grants) -> None:
        self._settings = settings
        self._database = database
        self._sessions = sessions
        self._grants = grants

    async def tokens(self, tenant: Tenant, account: Account, amr: tuple[str, ...], device: Device, cause: Cause) -> TokenPair:
        """For a program: a session of its own, and the first pair of tokens in it."""
        async with transaction(self._database, tenant, cause) as change:
            lifetime = self._settings.refresh_lifetime
            new = await self._sessions.open(change, account.user_id, kind="api", amr=amr, device=device, lifetime=lifetime)
            refresh = await self._grants.first_refresh_token(change, new.session, device)
        return await self._grants.pair(tenant, account, new.session, refresh)

    async def browser(
        self, tenant: Tenant, user_id: UUID, amr: tuple[str, ...], device: Device, cause: Cause, *, brought: str | None = None
    ) -> NewSession:
        """For a browser: always a new session. The one whose secret it brought along, whoever's it was, ends."""
        async with transaction(self._database, tenant, cause) as change:
            if brought:
                await self._sessions.revoke_secret_in(change, brought)
            return await self.browser_in(change, user_id, amr, device)

    async def browser_in(self, change: Transaction, user_id: UUID, amr: tuple[str, ...], device: Device) -> NewSession:
        """The same inside a transaction that does more."""
        lifetime = self._settings.browser_lifetime
        return await self._sessions.open(change, user_id, kind="browser", amr=amr, device=device, lifetime=lifetime)
