"""Comments of people who are not signed in: where they may, how often, who sees what of them, and that they can be forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.comments import guests
from app.comments.commands import AddComment, EraseGuest
from app.comments.resealing import PROTECTED
from app.comments.sealing import EMAIL, EMAIL_PURPOSE
from app.comments.values import MOST_BY_GUEST, MOST_BY_VISITOR, MOST_GUESTS_WAITING, Guest
from app.replay.verifying import verify
from auth.principal import ANONYMOUS
from ops.demo.people import ACME
from tenants.database import Database
from tenants.errors import RateLimited
from tenants.ids import new_id
from tenants.rotation.resealing import reseal
from tenants.secrets import TenantKey, new_key
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask
from tests.integration.api.talking import add, added, published, step
from tests.integration.conftest import House, house_of

POLICY = statement("UPDATE __tenant__.organization SET policies = CAST(:policies AS jsonb)")
ADD = "mutation($i: AddCommentInput!) { addComment(input: $i) { comment { id } changed eventIds } }"
ERASE = "mutation($id: ID!) { eraseGuest(input: {id: $id}) { comment { guestName moderation { guestEmail } body } changed eventIds } }"
READ = """query($post: ID) { comments(post: $post) { nodes {
  id body status author { username } guestName moderation { waitsBecause guestEmail } } } }"""
EVERYTHING = statement(
    "SELECT coalesce((SELECT string_agg(c::text, '') FROM __tenant__.comments c), '')"
    " || coalesce((SELECT string_agg(e::text, '') FROM __tenant__.domain_events e), '')"
    " || coalesce((SELECT string_agg(g::text, '') FROM __tenant__.guest_turns g), '') AS text"
)
KEPT = statement("SELECT count(guest_key) + count(guest_name) + count(guest_email) + count(guest_email_index) FROM __tenant__.comments")
COUNT = statement("SELECT count(*) FROM __tenant__.comments")
YESTERDAY = statement("UPDATE __tenant__.guest_turns SET day = day - 1")
CROWD = statement(
    """
    INSERT INTO __tenant__.comments (id, created_at, updated_at, version, post_id, depth, body, status, waits_because, guest_key, guest_name,
      guest_email, guest_email_index)
    SELECT md5('waiting' || n)::uuid, now(), now(), 1, :post_id, 0, 'Me too', 'PENDING', 'GUEST', 'k', 'N', 'e', n::text::bytea
    FROM generate_series(1, CAST(:many AS integer)) n
    """
)
EMPTY = statement("DELETE FROM __tenant__.comments WHERE guest_key = 'k'")
JO = {"name": " Jo  Guest ", "email": "Jo@Guest.example"}


@pytest.fixture
async def press(migrated: TenantSettings, pool: Database, globex: House) -> AsyncIterator[House]:
    """An organization of the test's own that lets guests comment; whatever was done in it replays."""
    made = await house_of(migrated, pool, replace(ACME, slug=f"guests-{new_id().hex[-12:]}"))
    await welcome(pool, made)
    yield made
    async with pool.writing(made.tenant.place) as connection:
        await connection.execute(POLICY, policies={})
    assert (await verify(pool, made.tenant)).differences == []


async def welcome(pool: Database, house: House, **more: Any) -> None:
    async with pool.writing(house.tenant.place) as connection:
        await connection.execute(POLICY, policies={"comments": {"guests": True, "moderation": "open"}, **more})


async def say(ask: Ask, house: House, post: str, body: str = "Well put", guest: Any = JO, who: str | None = None) -> dict[str, Any]:
    given = {"postId": post, "body": body} | ({"guest": guest} if guest else {})
    return await ask(house, who, ADD, i=given)


async def seen(ask: Ask, house: House, who: str | None, post: str) -> list[dict[str, Any]]:
    response = await ask(house, who, READ, post=post)
    assert "errors" not in response, response
    nodes: list[dict[str, Any]] = response["data"]["comments"]["nodes"]
    return nodes


async def test_a_guests_comment_waits_whatever_the_policy_and_only_moderators_see_the_address(
    ask: Ask, bus: Bus, pool: Database, press: House
) -> None:
    post = await published(bus, press)

    said = await say(ask, press, post)
    before = {who: await seen(ask, press, who, post) for who in (None, "reader", "author", "moderator")}
    [waiting] = before["moderator"]
    approved = await step(ask, press, "moderator", "approveComment", waiting["id"])
    after = {who: await seen(ask, press, who, post) for who in (None, "reader", "author", "moderator")}
    reply = await added(ask, press, "reader", post, "Indeed", waiting["id"])

    assert said["data"]["addComment"]["comment"] is None
    assert (said["data"]["addComment"]["changed"], len(said["data"]["addComment"]["eventIds"])) == (True, 1)
    assert (before[None], before["reader"], before["author"]) == ([], [], [])
    told = {"waitsBecause": "GUEST", "guestEmail": "jo@guest.example"}
    assert waiting == {"id": waiting["id"], "body": "Well put", "status": "PENDING", "author": None, "guestName": "Jo Guest", "moderation": told}
    assert approved["data"]["approveComment"] == {"comment": {"status": "APPROVED"}, "changed": True}
    shown = waiting | {"status": "APPROVED", "moderation": None}
    assert (after[None], after["reader"], after["author"]) == ([shown], [shown], [shown])
    assert after["moderator"] == [shown | {"moderation": told | {"waitsBecause": None}}]
    assert reply["status"] == "APPROVED"
    async with pool.reading(press.tenant.place) as connection:
        assert "guest.example" not in str(await connection.fetchval(EVERYTHING)).lower()


async def test_guests_are_refused_where_they_are_not_welcome_or_do_not_say_who_they_are(
    ask: Ask, bus: Bus, pool: Database, press: House, globex: House
) -> None:
    post, abroad = await published(bus, press), await published(bus, globex)

    assert code_of(await say(ask, globex, abroad)) == "UNAUTHENTICATED"
    assert code_of(await say(ask, press, post, guest=None)) == "VALIDATION_FAILED"
    assert code_of(await say(ask, press, post, who="reader")) == "VALIDATION_FAILED"
    assert code_of(await say(ask, press, abroad)) == "NOT_FOUND"
    assert code_of(await say(ask, press, str(new_id()))) == "NOT_FOUND"
    wrong = await say(ask, press, post, guest={"name": " ", "email": "jo@guest"})
    assert wrong["errors"][0]["extensions"]["fields"].keys() == {"guest.name", "guest.email"}
    assert code_of(await say(ask, press, post, "")) == "VALIDATION_FAILED"
    assert code_of(await add(ask, press, None, post)) == "VALIDATION_FAILED"
    await welcome(pool, press, reading={"public": False})
    async with pool.reading(press.tenant.place) as connection:
        assert await connection.fetchval(COUNT) == 0


async def test_a_guest_says_no_more_than_so_much_a_day_of_an_address_and_from_a_browser_also_not_at_once(
    bus: Bus, pool: Database, press: House
) -> None:
    post = UUID(await published(bus, press))
    waits: list[int] = []

    async def say_it(number: int, guest: Guest, visitor: bytes) -> bool:
        try:
            await bus.execute(press.tenant, AddComment(new_id(), post, f"Thing {number}", None, guest, visitor), ANONYMOUS, correlation_id=new_id())
        except RateLimited as refused:
            waits.append(refused.retry_after)
            return False
        return True

    one_address = await asyncio.gather(*(say_it(number, Guest("Jo", "jo@guest.example"), bytes([number + 1])) for number in range(MOST_BY_GUEST + 3)))
    one_browser = await asyncio.gather(
        *(say_it(number, Guest("Jo", f"jo{number}@guest.example"), b"browser") for number in range(MOST_BY_VISITOR + 3))
    )

    assert (sum(one_address), sum(one_browser)) == (MOST_BY_GUEST, MOST_BY_VISITOR)
    assert all(0 < seconds <= 86_401 for seconds in waits)
    async with pool.writing(press.tenant.place) as connection:
        await connection.execute(YESTERDAY)
        forgotten = [await guests.let_go(connection, 1000), await guests.let_go(connection, 1000)]
    assert forgotten[0] > 0
    assert forgotten[1] == 0
    assert await say_it(0, Guest("Jo", "jo@guest.example"), b"browser")


async def test_guests_wait_when_more_of_them_wait_than_moderators_can_look_through(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    async with pool.writing(press.tenant.place) as connection:
        await connection.execute(CROWD, post_id=UUID(post), many=MOST_GUESTS_WAITING)

    refused = await say(ask, press, post)
    async with pool.writing(press.tenant.place) as connection:
        await connection.execute(EMPTY)

    assert refused["errors"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 3600}
    assert "errors" not in await say(ask, press, post)


async def test_what_a_guest_repeats_or_advertises_waits_as_spam(ask: Ask, bus: Bus, press: House) -> None:
    post = await published(bus, press)

    for body in ("Great post!", "GREAT post", "https://a.example https://b.example https://c.example"):
        await say(ask, press, post, body)

    waiting = await seen(ask, press, "moderator", post)
    assert [comment["moderation"]["waitsBecause"] for comment in waiting] == ["GUEST", "SPAM", "SPAM"]


async def test_a_guest_is_erased_in_all_they_wrote_and_with_a_comment_that_is_deleted(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post, other = await published(bus, press), await published(bus, press)
    for place in (post, other):
        await say(ask, press, place)
        await say(ask, press, place, "Mine", {"name": "Kim", "email": "kim@guest.example"})
    [jo, kim] = await seen(ask, press, "moderator", post)
    await step(ask, press, "moderator", "approveComment", jo["id"])

    refused = {who: code_of(await ask(press, who, ERASE, id=jo["id"])) for who in (None, "reader", "author")}
    erased, again = [await ask(press, "moderator", ERASE, id=jo["id"]) for _ in range(2)]
    deleted = await step(ask, press, "moderator", "deleteComment", kim["id"])
    own = await added(ask, press, "reader", post)
    nobodys = await ask(press, "moderator", ERASE, id=own["id"])

    assert refused == {None: "UNAUTHENTICATED", "reader": "FORBIDDEN", "author": "FORBIDDEN"}
    payload = erased["data"]["eraseGuest"]
    assert (payload["changed"], len(payload["eventIds"])) == (True, 2)
    assert payload["comment"] == {"guestName": None, "moderation": {"guestEmail": None}, "body": "Well put"}
    assert (again["data"]["eraseGuest"]["changed"], nobodys["data"]["eraseGuest"]["changed"]) == (False, False)
    assert deleted["data"]["deleteComment"]["changed"] is True
    assert [comment["guestName"] for comment in await seen(ask, press, "moderator", other)] == [None, "Kim"]
    assert [(comment["guestName"], comment["body"]) for comment in await seen(ask, press, None, post)] == [(None, "Well put"), (None, "Well put")]
    async with pool.reading(press.tenant.place) as connection:
        assert await connection.fetchval(KEPT) == 4  # Kim's other one
    assert (await step(ask, press, "moderator", "rejectComment", jo["id"]))["data"]["rejectComment"]["changed"] is True


async def test_verify_names_a_guest_who_was_changed_by_hand(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    await say(ask, press, await published(bus, press))
    for change, field in (("guest_name = 'Somebody else'", "guest_name"), ("guest_email = '\\x00'", "guest_email")):
        async with pool.writing(press.tenant.place) as connection:
            kept = await connection.fetchrow(statement("SELECT guest_name, guest_email FROM __tenant__.comments"))
            await connection.execute(statement(f"UPDATE __tenant__.comments SET {change}"))
        differences = (await verify(pool, press.tenant)).differences
        async with pool.writing(press.tenant.place) as connection:
            assert kept is not None
            await connection.execute(
                statement("UPDATE __tenant__.comments SET guest_name = :guest_name, guest_email = :guest_email"), **dict(kept.items())
            )
        assert field in {difference.field for difference in differences}


async def test_guests_come_under_an_organizations_new_key_and_are_found_by_it(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    await say(ask, press, await published(bus, press))
    old = press.tenant.key.key
    new = new_key()

    passes = [await reseal(pool, replace(press.tenant, key=key), PROTECTED, lambda _rows: None) for key in (TenantKey(new, (old,)), TenantKey(new))]
    async with pool.reading(press.tenant.place) as connection:
        row = await connection.fetchrow(statement("SELECT id, guest_key, guest_email, guest_email_index FROM __tenant__.comments"))
    await reseal(pool, replace(press.tenant, key=TenantKey(old, (new,))), PROTECTED, lambda _rows: None)

    assert row is not None
    assert TenantKey(new).open_personal(row["id"], row["guest_key"], EMAIL, row["guest_email"]) == "jo@guest.example"
    assert TenantKey(new).blind_index(EMAIL_PURPOSE, "jo@guest.example") == row["guest_email_index"]
    assert [one.resealed for one in passes] == [1, 0]


async def test_a_guest_is_erased_in_all_they_wrote_while_the_organizations_key_changes(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    await say(ask, press, post)
    changing = replace(press.tenant, key=TenantKey(new_key(), (press.tenant.key.key,)))
    await reseal(pool, changing, PROTECTED, lambda _rows: None)
    await say(ask, press, post, "Of a process that has not heard of it")
    async with pool.reading(press.tenant.place) as connection:
        written = await connection.fetch(statement("SELECT id, guest_email_index FROM __tenant__.comments"))

    await bus.execute(changing, EraseGuest(written[0]["id"]), press.people["moderator"], correlation_id=new_id())

    assert len({row["guest_email_index"] for row in written}) == 2
    async with pool.reading(press.tenant.place) as connection:
        assert await connection.fetchval(KEPT) == 0
