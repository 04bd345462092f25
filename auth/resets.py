"""A new password for whoever forgot theirs: asked for by anybody, sent by mail to whom it is, good once and for an hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from auth import endings
from auth.accounts import Account, Accounts, known_of
from auth.asking import Asking
from auth.errors import LinkSpent, ResetSpent
from auth.links import Links, spend, whose
from auth.measures import SIGN_INS
from auth.native import LONGEST_LOGIN, MODULE
from auth.passwords import Passwords, check_new_password
from auth.policies import Policies
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database

ASKED_TIMER = "auth.reset_asked"
ASKED, MAILED, DONE = "PasswordResetAsked", "PasswordResetMailed", "PasswordReset"
HOLD = statement("SELECT 1 FROM __tenant__.users WHERE id = :user_id AND status = 'active' FOR NO KEY UPDATE")

log = structlog.get_logger(__name__)


def sealed_login(tenant: Tenant, login: str) -> str:
    """What was typed, as it may lie outside of the organization's schema for a moment."""
    return tenant.key.encrypt(login.encode(), ASKED_TIMER.encode()).hex()


def opened_login(tenant: Tenant, sealed: str) -> str:
    """Raises Undecipherable."""
    return tenant.key.decrypt(bytes.fromhex(sealed), ASKED_TIMER.encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resets:
    database: Database
    accounts: Accounts
    links: Links
    passwords: Passwords
    policies: Policies
    asking: Asking

    async def ask(self, tenant: Tenant, login: str, address: str | None, correlation_id: UUID) -> None:
        """Nobody is looked up here: whose address it is, and whether anything is sent, a worker finds out. So every address costs the same.

        Raises ValidationFailed, RateLimited.
        """
        name = login.strip().lower()
        if not name or len(name) > LONGEST_LOGIN:
            raise ValidationFailed({"login": f"takes an e-mail address or username of at most {LONGEST_LOGIN} characters"})
        await self.asking.enter(tenant.id, "reset", name, address or "local")
        await self._note(tenant, name, address, Cause(correlation_id))

    @repeatable
    async def _note(self, tenant: Tenant, name: str, address: str | None, cause: Cause) -> None:
        async with transaction(self.database, tenant, cause) as change:
            await tell_in(change, Happened(ASKED, MODULE, cause.correlation_id, address=address))
            data = {"login": sealed_login(tenant, name), "correlation_id": str(cause.correlation_id)}
            await change.schedule(ASKED_TIMER, new_id(), change.now, data)

    async def person(self, tenant: Tenant, token: str) -> Account:
        """Whose link it is. Raises LinkSpent."""
        try:
            account = await self.accounts.get(tenant, await self.links.person(tenant, token, "reset"))
        except LinkSpent:
            raise ResetSpent from None
        if account is None or account.status != "active" or not (await self.policies.of(tenant)).admits(account.user_id):
            raise ResetSpent
        return account

    async def reset(self, tenant: Tenant, token: str, password: str, address: str | None, correlation_id: UUID) -> Account:
        """They have this password from now on, and are signed in nowhere.

        Raises LinkSpent, ValidationFailed or Busy; the link is spent only when the password is theirs.
        """
        decided = await self.policies.of(tenant)
        check_new_password(password, shortest=decided.shortest_password)
        account = await self.person(tenant, token)
        check_new_password(password, shortest=decided.shortest_password, own=await known_of(self.accounts, tenant, account, decided.name))
        hashed = await self.passwords.hash(password)
        await self._reset(tenant, token, hashed, address, Cause(correlation_id, account.user_id))
        SIGN_INS.labels("reset", "signed_in").inc()
        log.info("password reset", tenant=tenant.slug, user_id=str(account.user_id), correlation_id=str(correlation_id))
        return account

    @repeatable
    async def _reset(self, tenant: Tenant, token: str, hashed: str, address: str | None, cause: Cause) -> None:
        async with transaction(self.database, tenant, cause) as change:
            try:
                user_id = await whose(change, token, "reset")
                if not await change.connection.fetchrow(HOLD, user_id=user_id):
                    raise ResetSpent
                await spend(change, token, "reset")
            except LinkSpent:
                raise ResetSpent from None
            await endings.give_password(change, user_id, hashed)
            await tell_in(change, Happened(DONE, MODULE, cause.correlation_id, user_id=user_id, address=address))
