"""What was asked for is made by a worker wholly or not at all."""

from __future__ import annotations

from migrations.provisioning import HeadProvisioner
from ops.organizations.founding import Founded, found
from tenants import lifecycle
from tenants.database import Database
from tenants.database.failures import StatementFailed
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tenants.statements import statement
from tests.integration.workers.sign_up.newcomer import Opening

AGAIN = statement("UPDATE control.sign_ups SET next_attempt_at = now() WHERE state = 'confirmed'")


async def test_of_two_who_want_the_same_short_name_the_second_is_told_and_nothing_of_theirs_is_left(opening: Opening) -> None:
    newcomer = await opening("open")
    for who in ("ada", "bob"):
        await newcomer.ask("wanted", f"{who}@two.example", f"{who}'s")
    links = await newcomer.links()
    ready = [(await newcomer.confirm(links[f"{who}@two.example"])).headers["location"] for who in ("ada", "bob")]
    assert [await newcomer.made(), await newcomer.made(), await newcomer.made()] == [True, True, False]

    refused = await newcomer.client.get(ready[1])
    german = await newcomer.client.get(ready[1], headers={"Accept-Language": "de"})

    assert (refused.status_code, "became somebody else" in refused.text, "Der Kurzname wanted" in german.text) == (409, True, True)
    assert (await newcomer.opened(ready[0])).status_code == 303
    assert await newcomer.organizations("wanted") == [("wanted", "ada's", "active")]


async def test_what_cannot_be_made_is_tried_again_and_leaves_nothing_half_made(opening: Opening) -> None:
    newcomer = await opening("open")
    await newcomer.ask("halfway", "ada@half.example")
    ready = (await newcomer.confirm((await newcomer.links())["ada@half.example"])).headers["location"]

    async def stops(settings: TenantSettings, database: Database, *, slug: str, name: str, owner_email: str) -> Founded:
        await lifecycle.create(settings, HeadProvisioner(), tenant_slug(slug), name, "basic")
        raise StatementFailed(f"the disk of {owner_email} is full for {database}")

    for _ in range(5):
        assert await newcomer.organizations("halfway") in ([], [("halfway", "The Gazette", "provisioning")])
        assert await newcomer.made(stops)
        async with newcomer.line.pool.control() as connection:
            await connection.execute(AGAIN)

    assert not await newcomer.made()
    assert await newcomer.organizations("halfway") == []
    page = await newcomer.client.get(ready)
    assert (page.status_code, "It could not be made just now" in page.text) == (409, True)


async def test_one_that_was_interrupted_is_finished(opening: Opening) -> None:
    newcomer = await opening("open")
    await newcomer.ask("resumed", "ada@resumed.example")
    ready = (await newcomer.confirm((await newcomer.links())["ada@resumed.example"])).headers["location"]

    async def killed(settings: TenantSettings, database: Database, *, slug: str, name: str, owner_email: str) -> Founded:
        await found(settings, database, slug=slug, name=name, owner_email=owner_email)
        raise StatementFailed("killed")

    assert await newcomer.made(killed)
    async with newcomer.line.pool.control() as connection:
        await connection.execute(AGAIN)
    assert await newcomer.made()

    assert (await newcomer.opened(ready)).headers["location"].startswith("http://resumed.localhost:8000/auth/invitation?token=")
