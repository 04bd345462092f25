"""The demo's people come in through a provider by their addresses, since the domain of these is their organization's."""

from __future__ import annotations

from dataclasses import replace

from auth.sso.domains import EmailDomains
from ops.demo.domain import prove_domain
from ops.demo.people import ACME
from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import house_of

PROVEN = statement("SELECT count(*) FROM __tenant__.sign_in_events WHERE action = 'EmailDomainVerified'")


async def test_the_demos_domain_is_proven_once_and_nobody_elses(pool: Database, migrated: TenantSettings) -> None:
    house, other = [await house_of(migrated, pool, replace(ACME, slug=slug)) for slug in ("proven-demo", "unproven-demo")]

    for _ in range(2):
        await prove_domain(pool, house.tenant, house.cast)

    assert await EmailDomains(pool).verified(house.tenant) == {"proven-demo.example"}
    assert await EmailDomains(pool).verified(other.tenant) == set()
    async with pool.reading(house.tenant.place) as connection:
        assert await connection.fetchval(PROVEN) == 1
