"""The demo's people talk about its posts, in every state a comment can wait in, and loading it again says nothing twice."""

from __future__ import annotations

from app.bus import Bus
from app.replay.verifying import verify
from ops.demo.talk import load_talk
from tenants.database import Database
from tenants.statements import statement
from tests.integration.conftest import House, publish_post, write_post

TALK = statement("SELECT status, count(*) AS said, count(parent_id) AS replies FROM __tenant__.comments GROUP BY status ORDER BY status")


async def test_the_demos_people_talk_about_its_posts_once(bus: Bus, pool: Database, globex: House) -> None:
    for _ in range(12):
        post = await write_post(bus, globex)
        await publish_post(bus, globex, post)

    for _ in range(2):
        await load_talk(pool, globex.tenant, globex.cast, globex.people)

    async with pool.reading(globex.tenant.place) as connection:
        said = {row["status"]: (row["said"], row["replies"]) for row in await connection.fetch(TALK)}
    assert said.keys() == {"APPROVED", "REJECTED", "PENDING"}
    assert sum(number for number, _ in said.values()) == 48
    assert said["REJECTED"] == (4, 0)
    assert said["APPROVED"][1] == 12
    assert (await verify(pool, globex.tenant)).differences == []
