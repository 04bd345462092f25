"""The domain of a house's addresses is its own, so that an identity provider can be tried with it at once."""

from __future__ import annotations

from auth.sso.domains import EmailDomains
from ops.demo.people import House
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.transaction import Cause


async def prove_domain(database: Database, tenant: Tenant, house: House) -> None:
    """Without a TXT record, which nobody can create there; once."""
    domains = EmailDomains(database)
    if house.domain in await domains.verified(tenant):
        return
    cause = Cause(new_id())
    await domains.claim(tenant, house.domain, cause)
    await domains.vouch(tenant, house.domain, cause, by="the demo")
