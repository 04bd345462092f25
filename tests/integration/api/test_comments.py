"""Comments by role and by the organization's policy: who says what, what is refused, and what stays between two organizations."""

from __future__ import annotations

import asyncio
from uuid import UUID

from app.bus import Bus
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask
from tests.integration.api.talking import EDIT, add, added, moderated, published, read, step
from tests.integration.conftest import House

AGE = statement("UPDATE __tenant__.comments SET created_at = created_at - interval '1 hour' WHERE id = :id")
COUNT = statement("SELECT count(*) FROM __tenant__.comments")


async def test_comments_are_edited_by_their_author_alone_and_not_for_long(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    await moderated(pool, press, "open")
    comment = (await added(ask, press, "reader", post))["id"]
    change = {"id": comment, "body": "Other words"}

    refused = {who: code_of(await ask(press, who, EDIT, i=change)) for who in (None, "mei", "moderator", "owner")}
    stale = await ask(press, "reader", EDIT, i={**change, "expectedVersion": 7})
    async with pool.writing(press.tenant.place) as connection:
        await connection.execute(AGE, id=UUID(comment))
    late = await ask(press, "reader", EDIT, i=change)

    assert refused == {None: "UNAUTHENTICATED", "mei": "FORBIDDEN", "moderator": "FORBIDDEN", "owner": "FORBIDDEN"}
    assert (code_of(stale), code_of(late)) == ("CONFLICT", "EDIT_WINDOW_CLOSED")
    [kept] = await read(ask, press, None, post)
    assert kept["body"] == "Well put"


async def test_nobody_says_more_than_ten_things_in_five_minutes_also_not_at_once(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)

    answers = await asyncio.gather(*(add(ask, press, "reader", post, f"Thing {number}") for number in range(12)))

    refused = [answer for answer in answers if "errors" in answer]
    assert [code_of(answer) for answer in refused] == ["RATE_LIMITED", "RATE_LIMITED"]
    assert all(0 < answer["errors"][0]["extensions"]["retryAfter"] <= 300 for answer in refused)
    async with pool.reading(press.tenant.place) as connection:
        assert await connection.fetchval(COUNT) == 10
    assert "errors" not in await add(ask, press, "mei", post)


async def test_what_is_wrong_with_a_body_is_said_and_nothing_is_kept(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)

    refused = [await add(ask, press, "reader", post, body) for body in ("", "x" * 10_001)]

    assert [answer["errors"][0]["extensions"]["fields"].keys() for answer in refused] == [{"body"}, {"body"}]
    async with pool.reading(press.tenant.place) as connection:
        assert await connection.fetchval(COUNT) == 0


async def test_a_body_is_shown_as_safe_html(ask: Ask, bus: Bus, press: House) -> None:
    post = await published(bus, press)
    await added(ask, press, "moderator", post, "*x* <script>alert(1)</script> [l](https://example.org)")

    response = await ask(press, None, "query($id: ID) { post(id: $id) { comments { nodes { bodyHtml post { id } } } } }", id=post)

    html = '<p><em>x</em> &lt;script&gt;alert(1)&lt;/script&gt; <a href="https://example.org" rel="noopener noreferrer nofollow">l</a></p>\n'
    assert response == {"data": {"post": {"comments": {"nodes": [{"bodyHtml": html, "post": {"id": post}}]}}}}


async def test_a_comment_of_another_organization_is_as_unknown_as_a_random_id(
    ask: Ask, bus: Bus, pool: Database, press: House, globex: House
) -> None:
    post = await published(bus, press)
    comment = (await added(ask, press, "moderator", post))["id"]

    for name in ("approveComment", "rejectComment", "deleteComment"):
        abroad = await step(ask, globex, "owner", name, comment)
        assert abroad == await step(ask, globex, "owner", name, str(new_id()))
        assert code_of(abroad) == "NOT_FOUND"
    assert code_of(await add(ask, globex, "owner", post)) == "NOT_FOUND"
    own = await published(bus, globex)
    assert code_of(await add(ask, globex, "owner", own, "Hm", comment)) == "NOT_FOUND"
    assert await read(ask, globex, "owner", post) == []
    assert len(await read(ask, press, None, post)) == 1
