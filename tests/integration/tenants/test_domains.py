from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from migrations.serving import serves
from tenants.database import Database
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.lifecycle.deletion import delete
from tenants.lifecycle.domains import Domain, NotVerified, add, all_of, remove, verify
from tenants.lifecycle.entries import WrongState
from tenants.lifecycle.records import DnsRecords
from tenants.registry import Registry
from tenants.resolver import Resolver, UnknownHost
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tests.integration.tenants.lives import actions, made, new_slug
from tests.name_server import NameServer, name_server


@pytest.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as server:
        yield server


def records(server: NameServer, *, patience: float = 10) -> DnsRecords:
    return DnsRecords([("127.0.0.1", server.port)], seconds=patience, lifetime=patience)


def new_host() -> str:
    return f"{new_slug('news')}.example"


async def serves_host(settings: TenantSettings, pool: Database, host: str) -> str | None:
    """Whose host it is, to a process that has just started."""
    try:
        found = await Resolver(Registry(pool, Keyring(settings.secret_keys)), "localhost", serves).resolve(host)
    except UnknownHost:
        return None
    assert found.tenant is not None
    return found.tenant.slug


async def test_a_host_is_served_from_its_proof_on_until_it_is_removed(migrated: TenantSettings, pool: Database, dns: NameServer) -> None:
    tenant, host = await made(migrated, pool), new_host()
    claimed = await add(migrated, tenant.slug, host.upper())
    assert await add(migrated, tenant.slug, host) == claimed
    assert (claimed.host, claimed.record, claimed.verified_at) == (host, f"_imprint-challenge.{host}", None)
    assert claimed.value == f"imprint-verification={claimed.challenge}"
    assert len(claimed.challenge) == 32
    assert await serves_host(migrated, pool, host) is None

    dns.texts[claimed.record] = ["v=spf1 -all", claimed.value]
    proven = await verify(migrated, tenant.slug, host, records(dns))
    assert proven.verified_at is not None
    assert await verify(migrated, tenant.slug, host, records(dns)) == proven
    assert await all_of(migrated, tenant.slug) == [proven]
    assert await serves_host(migrated, pool, host) == tenant.slug

    assert await remove(migrated, tenant.slug, host) == (host, True)
    assert await remove(migrated, tenant.slug, host) == (host, False)
    assert await serves_host(migrated, pool, host) is None
    assert await actions(migrated, tenant) == ["tenant.created", "tenant.domain_added", "tenant.domain_verified", "tenant.domain_removed"]


async def test_each_way_of_not_being_proven_is_told_apart(migrated: TenantSettings, pool: Database, dns: NameServer) -> None:
    tenant, host = await made(migrated, pool), new_host()
    claimed = await add(migrated, tenant.slug, host)

    async def why(patience: float = 10) -> str:
        with pytest.raises(NotVerified) as refused:
            await verify(migrated, tenant.slug, host, records(dns, patience=patience))
        return refused.value.message

    assert f"no name {claimed.record} in DNS" in await why()
    dns.texts[claimed.record] = []
    assert f"{claimed.record} has no TXT record" in await why()
    dns.texts[claimed.record] = ["imprint-verification=other", "more"]
    assert f"must have the TXT record {claimed.value!r}; it has 'imprint-verification=other', 'more'" in await why()
    dns.failing.add(claimed.record)
    assert "no usable answer" in await why()
    dns.deaf.add(claimed.record)
    assert "did not answer" in await why(patience=0.2)
    assert await serves_host(migrated, pool, host) is None
    assert [domain.verified_at for domain in await all_of(migrated, tenant.slug)] == [None]


async def test_a_proven_host_is_served_on_when_dns_says_something_else_later(migrated: TenantSettings, pool: Database, dns: NameServer) -> None:
    tenant, host = await made(migrated, pool), new_host()
    claimed = await add(migrated, tenant.slug, host)
    dns.texts[claimed.record] = [claimed.value]
    await verify(migrated, tenant.slug, host, records(dns))
    del dns.texts[claimed.record]

    with pytest.raises(NotVerified):
        await verify(migrated, tenant.slug, host, records(dns))
    assert await serves_host(migrated, pool, host) == tenant.slug


async def test_two_may_claim_a_host_and_the_one_that_proves_it_has_it(migrated: TenantSettings, pool: Database, dns: NameServer) -> None:
    one, two, three = [await made(migrated, pool) for _ in range(3)]
    host = new_host()
    first, second = await add(migrated, one.slug, host), await add(migrated, two.slug, host)
    assert first.challenge != second.challenge

    dns.texts[second.record] = [second.value]
    with pytest.raises(NotVerified):
        await verify(migrated, one.slug, host, records(dns))
    await verify(migrated, two.slug, host, records(dns))
    dns.texts[second.record] = [first.value, second.value]
    with pytest.raises(Conflict, match="Another organization"):
        await verify(migrated, one.slug, host, records(dns))
    with pytest.raises(Conflict, match="Another organization"):
        await add(migrated, three.slug, host)

    assert await serves_host(migrated, pool, host) == two.slug
    await remove(migrated, two.slug, host)
    await verify(migrated, one.slug, host, records(dns))
    assert await serves_host(migrated, pool, host) == one.slug


async def test_a_host_removed_and_added_again_while_dns_was_asked_is_not_proven_by_the_old_challenge(
    migrated: TenantSettings, pool: Database, dns: NameServer
) -> None:
    tenant, host = await made(migrated, pool), new_host()
    claimed = await add(migrated, tenant.slug, host)
    dns.texts[claimed.record] = [claimed.value]

    class Slow:
        async def at(self, name: str) -> list[str]:
            found = await records(dns).at(name)
            await remove(migrated, tenant.slug, host)
            await add(migrated, tenant.slug, host)
            return found

    with pytest.raises(Conflict, match="meanwhile"):
        await verify(migrated, tenant.slug, host, Slow())
    assert await serves_host(migrated, pool, host) is None


async def test_hosts_that_are_none_of_theirs_are_refused(migrated: TenantSettings, pool: Database, dns: NameServer) -> None:
    tenant = await made(migrated, pool)
    for host in ("localhost", "other.localhost", "127.0.0.1", "not a host"):
        with pytest.raises(ValidationFailed):
            await add(migrated, tenant.slug, host)
    with pytest.raises(NotFound, match=f"domains {tenant.slug} add"):
        await verify(migrated, tenant.slug, new_host(), records(dns))
    assert await all_of(migrated, tenant.slug) == []

    await delete(migrated, tenant.slug, confirm=tenant.slug)
    with pytest.raises(WrongState):
        await add(migrated, tenant.slug, new_host())


def test_a_domain_says_which_record_proves_it() -> None:
    domain = Domain("news.acme.example", "token", None, None)  # type: ignore[arg-type] # when it was claimed does not matter here

    assert (domain.record, domain.value) == ("_imprint-challenge.news.acme.example", "imprint-verification=token")
