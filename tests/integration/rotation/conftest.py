"""An installation of a test's own, with acme and globex and their people, whose keys may be renewed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from app.bus import Bus
from app.management.decisions import Decisions
from app.users.accounts import Members
from auth.credentials import Credentials
from auth.passwords import Passwords
from auth.signing import SigningKeys
from ops.demo.people import ACME, GLOBEX
from ops.rotating import PROTECTED
from ops.stack import Addresses
from tenants.database import Database
from tenants.registry import Registry, Tenant
from tenants.rotation.resealing import Pass, reseal
from tenants.secrets import Keyring, TenantKey, new_key
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of
from tests.integration.installations import installation_at

PASSWORD = "three words together"


@dataclass(frozen=True, slots=True)
class Installation:
    settings: TenantSettings
    acme: House
    globex: House

    def with_keys(self, *keys: bytes) -> TenantSettings:
        return replace(self.settings, secret_keys=keys)

    @property
    def first_key(self) -> bytes:
        return self.settings.secret_keys[0]


@pytest.fixture
async def inhabited(stack: Addresses, worker_name: str) -> Installation:
    installation = await installation_at(stack, worker_name)
    async with Database(installation, connections=2) as pool:
        acme, globex = await house_of(installation, pool, ACME), await house_of(installation, pool, GLOBEX)
        with closing(Passwords()) as passwords:
            for key in ("owner", "author"):
                await Credentials(pool, passwords, Decisions(pool, oldest=0.0)).set_password(acme.tenant, acme.id_of(key), PASSWORD)
        await SigningKeys(pool, Keyring(installation.secret_keys), overlap=0).signer()
    return Installation(installation, acme, globex)


async def tenant_now(settings: TenantSettings, slug: str) -> Tenant:
    async with Database(settings, connections=1) as pool:
        tenant = await Registry(pool, Keyring(settings.secret_keys)).by_slug(slug)
    assert tenant is not None
    return tenant


async def author_found(settings: TenantSettings, slug: str) -> bool:
    """Whether the author can be found by their address."""
    async with Database(settings, connections=1) as pool:
        accounts = Members(pool, Bus(pool))
        return await accounts.find(await tenant_now(settings, slug), f"author@{slug}.example") is not None


async def opened_by(settings: TenantSettings, slug: str, key: bytes) -> tuple[int, int]:
    """How many of the organization's things this tenant key opens, and how many it does not, counted by what rotation would do to them."""
    strange = TenantKey(new_key(), (key,))
    async with Database(settings, connections=1) as pool:
        tenant = replace(await tenant_now(settings, slug), key=strange)
        async with pool.reading(tenant.place) as connection:
            opens = locked = 0
            for part in PROTECTED:
                for row in await connection.fetch(part.page, after=None, batch=10_000):
                    try:
                        part.resealed(row, strange)
                    except Exception:  # noqa: BLE001 - whatever it says, it did not open
                        locked += 1
                    else:
                        opens += 1
    return opens, locked


async def resealed_once_more(settings: TenantSettings, slug: str) -> Pass:
    async with Database(settings, connections=1) as pool:
        return await reseal(pool, await tenant_now(settings, slug), PROTECTED, lambda _rows: None)
