"""Who may erase whom, and what is left."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from app.bus import Bus
from app.replay.verifying import verify
from app.users.accounts import Members
from app.users.commands import ActivateUser, ChangeRole, EraseAgain, EraseUser, InviteUser, RemoveUser
from app.users.errors import LastOwner, OwnersOnly
from auth.principal import SYSTEM, Kind, Principal
from ops.organizations.exporting import export_to
from ops.organizations.importing import clone, import_from
from tenants.database import Database
from tenants.errors import Conflict, Forbidden, Unauthenticated, ValidationFailed
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.transfer.conftest import SECRET
from tests.quiet import quiet

NOBODY = Principal(Kind.ANONYMOUS, None)
LEFT = {"id", "username", "name", "role", "permissions", "status", "version", "created_at", "updated_at", "created_by", "updated_by"} | {
    "notification_channels"
}


async def invited(bus: Bus, house: House, *, role: str = "author") -> tuple[UUID, str]:
    """Somebody active, and their username."""
    user_id = new_id()
    username = f"zeb-{user_id.hex[-8:]}"
    email = f"{username}@secret.example"
    await bus.execute(house.tenant, InviteUser(user_id, email, "Zebulon Quagga", role, username), SYSTEM, correlation_id=new_id())
    await bus.execute(house.tenant, ActivateUser(user_id), SYSTEM, correlation_id=new_id())
    return user_id, username


async def erase(bus: Bus, house: House, who: Principal, user_id: UUID, confirm: str, version: int | None = None) -> bool:
    outcome = await bus.execute(house.tenant, EraseUser(user_id, version, confirm), who, correlation_id=new_id())
    return outcome.changed


async def row_of(settings: TenantSettings, tenant: Tenant, user_id: UUID) -> dict[str, object]:
    async with as_owner(settings) as owner:
        row = await owner.fetchrow(f"SELECT * FROM {tenant.place.schema}.users WHERE id = $1", user_id)
    assert row is not None
    return dict(row)


async def test_what_is_left_is_an_id_and_that_somebody_was_erased(migrated: TenantSettings, bus: Bus, pool: Database, acme: House) -> None:
    user_id, username = await invited(bus, acme)

    assert await erase(bus, acme, acme.people["admin"], user_id, username.upper())
    assert not await erase(bus, acme, acme.people["admin"], user_id, username)

    row = await row_of(migrated, acme.tenant, user_id)
    assert {name for name, value in row.items() if value is not None} == LEFT - {"created_by"}  # the product itself had made them
    assert (row["username"], row["name"], row["status"], row["permissions"]) == (f"erased-{user_id.hex}", "Erased person", "erased", [])
    accounts = Members(pool, bus)
    assert await accounts.find(acme.tenant, username) is None
    assert await accounts.find(acme.tenant, f"{username}@secret.example") is None
    verified = await verify(pool, acme.tenant)
    assert [one for one in verified.differences if one.aggregate_id == str(user_id)] == []
    async with as_owner(migrated) as owner:
        assert await owner.fetchval("SELECT role FROM control.erasures WHERE user_id = $1", user_id) == acme.tenant.place.role


async def test_the_address_and_the_username_of_somebody_erased_are_free_again(bus: Bus, pool: Database, acme: House) -> None:
    user_id, username = await invited(bus, acme)
    await erase(bus, acme, acme.people["owner"], user_id, username)

    another = InviteUser(new_id(), f"{username}@secret.example", "Another", username=username)
    await bus.execute(acme.tenant, another, SYSTEM, correlation_id=new_id())

    found = await Members(pool, bus).find(acme.tenant, f"{username}@secret.example")
    assert found is not None
    assert (found.user_id, found.username) == (another.user_id, username)


async def test_it_takes_the_right_to_manage_people_or_being_the_person(migrated: TenantSettings, bus: Bus, acme: House) -> None:
    user_id, username = await invited(bus, acme)
    for key in ("content_manager", "editor", "author", "moderator", "reader"):
        if key in acme.people:
            with pytest.raises(Forbidden):
                await erase(bus, acme, acme.people[key], user_id, username)
    with pytest.raises(Unauthenticated):
        await erase(bus, acme, NOBODY, user_id, username)
    assert (await row_of(migrated, acme.tenant, user_id))["person_key"] is not None

    assert await erase(bus, acme, Principal(Kind.PERSON, user_id, "author", frozenset()), user_id, username)


async def test_it_takes_the_persons_username_and_their_version_where_one_is_given(migrated: TenantSettings, bus: Bus, acme: House) -> None:
    user_id, username = await invited(bus, acme)
    for wrong in ("", "zeb", f"{username}x", f"{username}@secret.example"):
        with pytest.raises(ValidationFailed):
            await erase(bus, acme, acme.people["owner"], user_id, wrong)
    with pytest.raises(Conflict):
        await erase(bus, acme, acme.people["owner"], user_id, username, version=1)

    assert (await row_of(migrated, acme.tenant, user_id))["status"] == "active"


async def test_owners_are_erased_by_owners_alone_and_the_last_one_never(bus: Bus, globex: House) -> None:
    second, username = await invited(bus, globex, role="owner")
    owner, admin = globex.people["owner"], globex.people["admin"]
    with pytest.raises(OwnersOnly):
        await erase(bus, globex, admin, second, username)
    assert await erase(bus, globex, owner, second, username)

    with pytest.raises(LastOwner):
        await erase(bus, globex, owner, globex.id_of("owner"), "owner")


async def test_somebody_who_has_left_can_be_erased_and_nobody_but_the_product_does_it_again(bus: Bus, acme: House) -> None:
    user_id, username = await invited(bus, acme)
    await bus.execute(acme.tenant, RemoveUser(user_id), acme.people["owner"], correlation_id=new_id())
    with pytest.raises(Forbidden):
        await bus.execute(acme.tenant, EraseAgain(user_id), acme.people["owner"], correlation_id=new_id())

    assert await erase(bus, acme, acme.people["owner"], user_id, username)


async def test_an_older_copy_brings_nobody_back_not_even_its_only_owner(migrated: TenantSettings, bus: Bus, pool: Database, tmp_path: Path) -> None:
    from dataclasses import replace

    from ops.demo.people import ACME
    from tests.integration.conftest import house_of

    house = await house_of(migrated, pool, replace(ACME, slug="older-house"))
    user_id, username = await invited(bus, house)
    path = tmp_path / "older.imprint"
    await export_to(migrated, "older-house", path, SECRET, quiet, force=False)
    await bus.execute(house.tenant, ChangeRole(house.id_of("admin"), None, "owner"), house.people["owner"], correlation_id=new_id())
    owners = await row_of(migrated, house.tenant, house.id_of("owner"))
    for erased, name in ((user_id, username), (house.id_of("owner"), str(owners["username"]))):
        await erase(bus, house, house.people["owner"], erased, name)
    said: list[str] = []

    carried = await import_from(migrated, path, SECRET, "older-again", said.append)
    cloned = await clone(migrated, "older-again", "older-clone", quiet)

    for tenant in (carried.tenant, cloned.tenant):
        for erased in (user_id, house.id_of("owner")):
            row = await row_of(migrated, tenant, erased)
            assert {name for name, value in row.items() if value is not None} <= LEFT
            assert row["status"] == "erased"
        assert (await verify(pool, tenant)).clean
        async with as_owner(migrated) as owner:
            known = await owner.fetch("SELECT user_id FROM control.erasures WHERE role = $1", tenant.place.role)
        assert {row["user_id"] for row in known} == {user_id, house.id_of("owner")}
    assert any("2 people who were erased since" in line for line in said)
    assert (await row_of(migrated, carried.tenant, house.id_of("author")))["person_key"] is not None
