"""Accepting an invitation: following its link and choosing a password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from auth.accounts import Account, Accounts
from auth.credentials import Credentials
from auth.errors import LinkSpent
from auth.flow import Flow
from auth.links import Links
from auth.measures import SIGN_INS
from auth.native import AMR
from auth.passwords import Passwords, check_new_password
from auth.sessions import Device, NewSession, Sessions
from tenants.registry import Tenant
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    database: Database
    accounts: Accounts
    links: Links
    passwords: Passwords
    credentials: Credentials
    sessions: Sessions
    flow: Flow

    async def invited(self, tenant: Tenant, token: str) -> Account:
        """Whom the link invites. Raises LinkSpent."""
        account = await self.accounts.get(tenant, await self.links.person(tenant, token, "invitation"))
        if account is None or account.status not in {"invited", "active"}:
            raise LinkSpent
        return account

    async def accept(self, tenant: Tenant, token: str, password: str, device: Device, correlation_id: UUID) -> NewSession:
        """They become active, have this password from now on, and are signed in.

        Raises LinkSpent, ValidationFailed or Busy; the link is spent only when all of it worked.
        """
        check_new_password(password)
        account = await self.invited(tenant, token)
        hashed = await self.passwords.hash(password)
        if account.status == "invited":
            await self.accounts.activate(tenant, account.user_id, correlation_id)
        async with transaction(self.database, tenant, Cause(correlation_id, account.user_id)) as change:
            await self.links.use(change, token, "invitation")
            await self.sessions.revoke_all_in(change, account.user_id)
            await self.credentials.store(change, account.user_id, hashed)
            new = await self.flow.browser_in(change, account.user_id, AMR, device)
        SIGN_INS.labels("invitation", "signed_in").inc()
        log.info("invitation accepted", tenant=tenant.slug, user_id=str(account.user_id), correlation_id=str(correlation_id))
        return new
