"""Where an address signs in: kept by events, of those who may sign in and of nobody else."""

from __future__ import annotations

from dataclasses import replace

from app.users.commands import ActivateUser, ConfirmAddress, EraseUser, GiveAddress, InviteUser, ReactivateUser, RemoveUser, SuspendUser
from auth.links import INSERT
from auth.opaque import digest
from auth.principal import Kind, Principal
from auth.realms.realms import Known
from auth.sso.domains import EmailDomains
from ops.demo.people import GLOBEX
from ops.doctor import examine
from ops.events.rebuilding import rebuild
from ops.organizations.importing import clone
from tenants.database import Database
from tenants.ids import new_id
from tenants.lifecycle.deletion import delete
from tenants.lifecycle.purging import purge
from tenants.lifecycle.states import resume, suspend
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of
from tests.integration.migrations.commands import environment
from tests.integration.workers.home_realms.town import Town
from workers.realms import RealmBuilding, build

UNLOOKED = statement("DELETE FROM control.realm_standings WHERE organization_id = :id")
KEPT = statement(
    "SELECT (SELECT count(*) FROM control.home_realms WHERE organization_id = :id) "
    "+ (SELECT count(*) FROM control.realm_standings WHERE organization_id = :id)"
)
LOST = statement("DELETE FROM control.home_realms WHERE organization_id = :id")


async def test_an_address_is_found_while_its_person_may_sign_in(town: Town, first: House) -> None:
    email = "kim@lives.example"
    user_id = await town.did(first, InviteUser(new_id(), email, "Kim"))
    seen = [await town.homes(email)]
    for command in (ActivateUser(user_id), SuspendUser(user_id), ReactivateUser(user_id), RemoveUser(user_id), InviteUser(new_id(), email, "Kim")):
        await town.did(first, command)
        seen.append(await town.homes(email))

    assert seen == [[], ["first-home"], [], ["first-home"], [], []]
    await town.did(first, ActivateUser(user_id))
    assert await town.homes(" KIM@Lives.example") == ["first-home"]
    await town.did(first, EraseUser(user_id, None, "kim"))
    assert await town.homes(email) == []


async def test_another_address_takes_the_place_of_the_one_before(town: Town, first: House) -> None:
    user_id = await town.comes(first, "old@moves.example")
    await town.did(first, GiveAddress(user_id, email="new@moves.example"), Principal(Kind.PERSON, user_id, "reader"))
    token = new_id().hex
    async with transaction(town.line.pool, first.tenant, Cause(new_id())) as tx:
        expires = tx.now.replace(year=tx.now.year + 1, day=1)
        await tx.connection.execute(INSERT, hash=digest(token), user_id=user_id, purpose="address", now=tx.now, expires_at=expires)
    assert await town.homes("old@moves.example") == ["first-home"]

    await town.did(first, ConfirmAddress(token))

    assert [await town.homes(f"{word}@moves.example") for word in ("old", "new")] == [[], ["first-home"]]


async def test_what_is_heard_late_does_not_undo_what_came_after_it(town: Town, first: House) -> None:
    user_id = new_id()
    for known in (Known(user_id, 3, None), Known(user_id, 2, "late@order.example")):
        await town.realms.keep(first.tenant, [known])
    assert await town.homes("late@order.example") == []

    await town.realms.keep(first.tenant, [Known(user_id, 4, "late@order.example")])

    assert await town.homes("late@order.example") == ["first-home"]


async def test_a_suspended_organization_is_no_home_and_a_purged_one_leaves_nothing(
    town: Town, first: House, migrated: TenantSettings, pool: Database
) -> None:
    house = await house_of(migrated, pool, replace(GLOBEX, slug="passing-home"))
    email = "both@passing.example"
    for one in (first, house):
        await town.comes(one, email)
    domains = EmailDomains(pool)
    await domains.claim(house.tenant, "passing.example", Cause(new_id()))
    await domains.vouch(house.tenant, "passing.example", Cause(new_id()), by="a test")
    assert (await town.homes(email), await town.realms.owner_of("passing.example")) == (["first-home", "passing-home"], house.tenant.id)

    await suspend(migrated, house.tenant.slug)
    assert (await town.homes(email), await town.realms.owner_of("passing.example")) == (["first-home"], None)
    await resume(migrated, house.tenant.slug)
    assert await town.homes(email) == ["first-home", "passing-home"]
    await delete(migrated, house.tenant.slug, confirm=house.tenant.slug, grace_days=0)
    assert await town.homes(email) == ["first-home"]
    await purge(migrated, house.tenant.slug, lambda _line: None)

    async with pool.control() as connection:
        assert await connection.fetchval(KEPT, id=house.tenant.id) == 0
        left = statement("SELECT count(*) FROM control.realm_domains WHERE role = :role")
        assert await connection.fetchval(left, role=house.tenant.place.role) == 0


async def test_people_who_were_there_before_anybody_kept_this_are_looked_at_once(town: Town, first: House, migrated: TenantSettings) -> None:
    await town.comes(first, "before@there.example")
    async with town.line.pool.control() as connection:
        await connection.execute(UNLOOKED, id=first.tenant.id)
        await connection.execute(LOST, id=first.tenant.id)
    assert await town.homes("before@there.example") == []
    said = next(check for check in await examine(environment(migrated)) if check.check == "realms")
    assert (said.ok, "not all found by address yet" in said.found) == (True, True)
    visit = RealmBuilding(town.line.pool, town.line.registry, town.realms)
    listed = next(one for one in await town.line.registry.all() if one.id == first.tenant.id)
    await visit(listed)
    assert (await town.homes("before@there.example"), await town.realms.is_built(first.tenant.id)) == (["first-home"], True)

    async with town.line.pool.control() as connection:
        await connection.execute(LOST, id=first.tenant.id)
    await visit(listed)
    assert await town.homes("before@there.example") == []
    await rebuild(town.line.pool, migrated, "first-home", "home_realms")
    assert await town.homes("before@there.example") == ["first-home"]


async def test_a_copys_people_are_found_in_it_and_its_originals_domains_stay_the_originals(
    town: Town, second: House, migrated: TenantSettings
) -> None:
    email = "copied@second.example"
    await town.comes(second, email)
    domains = EmailDomains(town.line.pool)
    await domains.claim(second.tenant, "second.example", Cause(new_id()))
    await domains.vouch(second.tenant, "second.example", Cause(new_id()), by="a test")

    copy = (await clone(migrated, "second-home", "second-copy", lambda _line: None)).tenant

    assert await town.homes(email) == ["second-copy", "second-home"]
    assert await town.realms.owner_of("second.example") == second.tenant.id
    await build(town.line.pool, town.realms, copy)
    assert await town.realms.owner_of("second.example") == second.tenant.id
    await domains.vouch(copy, "second.example", Cause(new_id()), by="a test")
    assert await town.realms.owner_of("second.example") is None
    await domains.remove(copy, "second.example", Cause(new_id()))
    assert await town.realms.owner_of("second.example") == second.tenant.id
