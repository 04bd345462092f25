"""What an operator does for the programs of one organization."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.bus import Bus
from app.users.accounts import Members as Accounts
from app.users.commands import ActivateUser, InviteUser, RemoveUser
from auth.principal import SYSTEM
from auth.server.clients import Client, Clients, check_client
from ops.organizations.lookup import organization
from tenants.database import Database, repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.transaction import Cause

if TYPE_CHECKING:
    from uuid import UUID

    from ops.settings import Settings

# RFC 6761, 6.4: no mail ever reaches such an address, and nobody signs in with it.
NOWHERE = "services.invalid"


@dataclass(frozen=True, slots=True)
class Registration:
    database: Database
    tenant: Tenant
    bus: Bus
    accounts: Accounts
    clients: Clients

    async def add(self, name: str, redirects: Sequence[str], *, with_secret: bool, role: str | None) -> dict[str, Any]:
        """With a `role` a service, with an account of its own. Raises ValidationFailed, Conflict, QuotaExceeded."""
        check_client(name, redirects, service=role is not None)
        user_id = await self._account(name, role) if role is not None else None
        client, secret = await self.clients.add(self.tenant, name, redirects, Cause(new_id()), user_id=user_id, with_secret=with_secret)
        shown = await self._shown(client)
        return shown | {"client_secret": secret} if secret else shown

    async def all(self) -> list[dict[str, Any]]:
        return [await self._shown(client) for client in await self.clients.of(self.tenant)]

    async def remove(self, client_id: str) -> None:
        """A service's account is removed with it; what it wrote stays. Raises NotFound."""
        client = await self.clients.find(self.tenant, client_id)
        await self.clients.remove(self.tenant, client_id, Cause(new_id()))
        if client is not None and client.user_id is not None:
            await self.bus.execute(self.tenant, RemoveUser(client.user_id), SYSTEM, correlation_id=new_id())

    @repeatable
    async def _account(self, name: str, role: str) -> UUID:
        user_id = new_id()
        async with self.bus.unit(self.tenant, SYSTEM, correlation_id=new_id()) as unit:
            await unit.execute(InviteUser(user_id, f"{user_id.hex}@{NOWHERE}", name, role, name))
            await unit.execute(ActivateUser(user_id))
        return user_id

    async def _shown(self, client: Client) -> dict[str, Any]:
        account = await self.accounts.get(self.tenant, client.user_id) if client.user_id else None
        kind = "service" if client.user_id else "confidential" if client.secret_hash else "public"
        return {
            "client_id": client.client_id,
            "name": client.name,
            "kind": kind,
            "redirects": list(client.redirect_uris),
            "role": account.role if account else None,
            "created_at": client.created_at.isoformat(),
            "last_used": client.last_used_at.isoformat() if client.last_used_at else None,
        }


@asynccontextmanager
async def registering(settings: Settings, slug: str) -> AsyncIterator[Registration]:
    """Raises NotFound, NeverMigrated."""
    async with organization(settings, slug) as (database, tenant):
        bus = Bus(database)
        yield Registration(database, tenant, bus, Accounts(database, bus), Clients(database))
