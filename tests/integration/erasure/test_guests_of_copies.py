"""A guest who was erased does not come back with an older copy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from app.bus import Bus
from app.comments.commands import AddComment, EraseGuest
from app.comments.values import Guest
from app.replay.verifying import verify
from auth.principal import ANONYMOUS
from ops.demo.people import ACME
from ops.organizations.exporting import export_to
from ops.organizations.importing import clone, import_from
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, house_of, publish_post, write_post
from tests.integration.transfer.conftest import SECRET
from tests.quiet import quiet

WELCOME = statement("UPDATE __tenant__.organization SET policies = CAST(:policies AS jsonb)")
NAMES = statement("SELECT guest_name, guest_email, guest_key FROM __tenant__.comments ORDER BY created_at, id")


async def test_an_older_copy_brings_no_guest_back_who_was_erased(
    migrated: TenantSettings, bus: Bus, pool: Database, tmp_path: Path, globex: House
) -> None:
    house = await house_of(migrated, pool, replace(ACME, slug="older-guests"))
    post = await write_post(bus, house)
    await publish_post(bus, house, post)
    await let_guests(pool, house, allowed=True)
    jo, _ = [await say(bus, house, post, name) for name in ("jo", "kim")]
    await let_guests(pool, house, allowed=False)
    await export_to(migrated, "older-guests", tmp_path / "older.imprint", SECRET, quiet, force=False)
    await bus.execute(house.tenant, EraseGuest(jo), house.people["moderator"], correlation_id=new_id())
    said: list[str] = []

    carried = await import_from(migrated, tmp_path / "older.imprint", SECRET, "older-guests-again", said.append)
    cloned = await clone(migrated, "older-guests-again", "older-guests-clone", quiet)

    for tenant in (house.tenant, carried.tenant, cloned.tenant):
        gone, kept = await guests(pool, tenant)
        assert gone == (None, None, None)
        assert kept[0] == "kim"
        assert (await verify(pool, tenant)).clean
    assert any("guests of 1 comments who were erased since" in line for line in said)


async def let_guests(pool: Database, house: House, *, allowed: bool) -> None:
    async with pool.writing(house.tenant.place) as connection:
        await connection.execute(WELCOME, policies={"comments": {"guests": True}} if allowed else {})


async def say(bus: Bus, house: House, post: UUID, name: str) -> UUID:
    command = AddComment(new_id(), post, f"I am {name}.", None, Guest(name, f"{name}@guest.example"), name.encode())
    return (await bus.execute(house.tenant, command, ANONYMOUS, correlation_id=new_id())).aggregates[0]


async def guests(pool: Database, tenant: Tenant) -> list[tuple[object, ...]]:
    async with pool.reading(tenant.place) as connection:
        return [tuple(value for _, value in row.items()) for row in await connection.fetch(NAMES)]
