"""Accepting an invitation: following its link and choosing a password."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog

from auth.accounts import Account, Accounts, known_of
from auth.errors import LinkSpent, ProviderOnly
from auth.links import Links
from auth.measures import SIGN_INS
from auth.passwords import Passwords, check_new_password
from auth.policies import Policies
from tenants.registry import Tenant

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    accounts: Accounts
    links: Links
    passwords: Passwords
    policies: Policies

    async def invited(self, tenant: Tenant, token: str) -> Account:
        """Whom the link invites. Raises LinkSpent."""
        account = await self.accounts.get(tenant, await self.links.person(tenant, token, "invitation"))
        if account is None or account.status != "invited":
            raise LinkSpent
        return account

    async def hashed(self, tenant: Tenant, token: str, password: str, *, name: str | None = None) -> str:
        """What is stored of the password somebody with this link chose; nobody else costs that much work. `name`: theirs from now on, if another.

        Raises LinkSpent, ProviderOnly, ValidationFailed or Busy.
        """
        decided = await self.policies.of(tenant)
        check_new_password(password, shortest=decided.shortest_password)
        account = await self.invited(tenant, token)
        if not decided.admits(account.user_id):
            raise ProviderOnly
        own = (*await known_of(self.accounts, tenant, account, decided.name), name or "")
        check_new_password(password, shortest=decided.shortest_password, own=own)
        return await self.passwords.hash(password)

    async def accept(self, tenant: Tenant, token: str, password: str, correlation_id: UUID, *, name: str | None = None) -> Account:
        """They become active and have this password (and name) from now on.

        Raises LinkSpent, ProviderOnly, ValidationFailed or Busy; the link is spent only when they have come in.
        """
        account = await self.invited(tenant, token)
        hashed = await self.hashed(tenant, token, password, name=name)
        await self.accounts.accept(tenant, token, hashed, name, correlation_id)
        SIGN_INS.labels("invitation", "signed_in").inc()
        log.info("invitation accepted", tenant=tenant.slug, user_id=str(account.user_id), correlation_id=str(correlation_id))
        return account
