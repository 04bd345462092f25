"""A copy is no way round anybody's second factor: what proved them there proves nothing here."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from app.management.decisions import Decisions
from auth.credentials import Credentials
from auth.passwords import Passwords
from ops.demo.people import ACME
from ops.organizations.exporting import export_to
from ops.organizations.importing import clone, import_from
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of
from tests.integration.owner import as_owner
from tests.integration.transfer.conftest import PASSWORD, SECRET
from tests.quiet import quiet

TABLES = ("authenticators", "recovery_codes", "passkeys", "remembered_devices")


async def with_factors(settings: TenantSettings, house: House) -> None:
    """The editor has all there is, the admin a passkey; the author has a password alone, as they have, too."""
    schema = house.tenant.place.schema
    async with Database(settings, connections=1) as pool:
        with closing(Passwords()) as passwords:
            for key in ("editor", "admin", "author"):
                await Credentials(pool, passwords, Decisions(pool, oldest=0.0)).set_password(house.tenant, house.id_of(key), PASSWORD)
    async with as_owner(settings) as owner:
        await owner.execute(
            f"INSERT INTO {schema}.authenticators (user_id, secret, begun_at, confirmed_at, last_step) VALUES ($1, 'x', now(), now(), 0)",
            house.id_of("editor"),
        )
        await owner.execute(f"INSERT INTO {schema}.recovery_codes (user_id, hash) VALUES ($1, 'x')", house.id_of("editor"))
        await owner.execute(
            f"INSERT INTO {schema}.remembered_devices (id, user_id, hash, user_agent, created_at, last_used_at, expires_at)"
            " VALUES ($1, $2, 'x', '', now(), now(), now() + interval '1 day')",
            new_id(),
            house.id_of("editor"),
        )
        for key in ("editor", "admin"):
            await owner.execute(
                f"INSERT INTO {schema}.passkeys (id, user_id, credential_id, user_handle, public_key, rp_id, sign_count, synced, transports, name,"
                " created_at) VALUES ($1, $2, $3, 'h', 'k', 'careful.localhost', 0, true, '{}', 'Mine', now())",
                new_id(),
                house.id_of(key),
                key.encode(),
            )


async def counts(settings: TenantSettings, tenant: Tenant) -> tuple[list[int], set[UUID]]:
    """Of each kind of factor, and whose passwords there are."""
    schema = tenant.place.schema
    async with as_owner(settings) as owner:
        factors = [await owner.fetchval(f"SELECT count(*) FROM {schema}.{table}") for table in TABLES]
        return factors, {row["user_id"] for row in await owner.fetch(f"SELECT user_id FROM {schema}.credentials")}


async def test_neither_factors_nor_the_passwords_that_went_with_them_are_in_a_copy(here: TenantSettings, tmp_path: Path) -> None:
    async with Database(here, connections=2) as pool:
        house = await house_of(here, pool, replace(ACME, slug="careful"))
    await with_factors(here, house)
    path = tmp_path / "careful.imprint"
    await export_to(here, "careful", path, SECRET, quiet, force=False)
    said: list[str] = []

    imported = await import_from(here, path, SECRET, "careful-again", said.append)
    cloned = await clone(here, "careful", "careful-clone", quiet)

    for copy in (imported.tenant, cloned.tenant):
        factors, passwords = await counts(here, copy)
        assert (factors, house.id_of("author") in passwords) == ([0, 0, 0, 0], True)
        assert passwords & {house.id_of("editor"), house.id_of("admin")} == set()
    original, passwords = await counts(here, house.tenant)
    assert original == [1, 1, 2, 1]
    assert {house.id_of(key) for key in ("editor", "admin", "author")} <= passwords
