"""Looking at an organization's people and domains as a whole, so that they are found by address: those that were there before anybody kept this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from app.users.homes import all_known
from auth.sso.domains import EmailDomains
from migrations.serving import serves

if TYPE_CHECKING:
    from auth.realms.realms import Realms
    from tenants.database import Database
    from tenants.registry import Listed, Registry, Tenant

PAGE = 500

log = structlog.get_logger(__name__)


async def build(database: Database, realms: Realms, tenant: Tenant) -> int:
    """How many people were looked at. Whatever happens meanwhile stands, since it is of later versions."""
    after: UUID | None = None
    looked_at = 0
    while True:
        async with database.reading(tenant.place) as connection:
            people = await all_known(connection, tenant, after, PAGE)
        if not people:
            break
        await realms.keep(tenant, people)
        after, looked_at = people[-1].user_id, looked_at + len(people)
    await realms.keep_domains(tenant, await EmailDomains(database).verified(tenant))
    await realms.built(tenant)
    return looked_at


@dataclass(frozen=True, slots=True)
class RealmBuilding:
    """The visit of a daily round: once for every organization."""

    database: Database
    registry: Registry
    realms: Realms

    async def __call__(self, listed: Listed) -> bool:
        if not serves(listed.revision) or await self.realms.is_built(listed.id):
            return False
        tenant = await self.registry.by_slug(listed.slug)
        if tenant is not None:
            people = await build(self.database, self.realms, tenant)
            log.info("home realms built", tenant=tenant.slug, people=people)
        return False
