"""Asking outside of any transaction what a provider said of somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from auth.sso.linking import said_of
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database


class Linked:
    def __init__(self, database: Database) -> None:
        self._database = database

    @repeatable
    async def said(self, tenant: Tenant, connection_id: UUID, user_id: UUID) -> dict[str, Any]:
        """At their last sign-in; nothing where they are not linked."""
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            return await said_of(change, connection_id, user_id)
