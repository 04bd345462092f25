"""On whose behalf people are provisioned, and what becomes of it in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from auth.principal import Kind, Principal
from auth.sso.trail import Happened, tell_in

if TYPE_CHECKING:
    from auth.sso.connections import Connection
    from tenants.registry import Tenant
    from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Caller:
    """A provider, by its connection's token. `base`: the address of /scim/v2; `address`: the client's IP address or None."""

    tenant: Tenant
    connection: Connection
    correlation_id: UUID
    base: str
    address: str | None = None

    @property
    def principal(self) -> Principal:
        """The product itself, because the connection said so."""
        return Principal(Kind.SYSTEM, connection_id=self.connection.id)

    async def tell(self, tx: Transaction, action: str, user_id: UUID | None = None, details: Mapping[str, Any] | None = None) -> None:
        """In the audit log, within the transaction that does it; nothing personal."""
        told = {"connection": self.connection.name, **(details or {})}
        await tell_in(tx, Happened(action, "scim", self.correlation_id, self.connection.id, user_id, self.address, told))
