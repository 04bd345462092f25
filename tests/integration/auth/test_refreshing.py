"""Pairs of tokens, each following the one before."""

from __future__ import annotations

import asyncio
import hashlib

import httpx

from tenants.database import Database
from tenants.statements import statement
from tests.integration.auth.conftest import NewPerson, token_pair
from tests.integration.auth.tokens_apart import part, token_refused
from tests.integration.conftest import House


class TestRefreshing:
    async def test_a_refresh_token_gives_a_new_pair_in_the_same_session(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
        first = await token_pair(at_acme, await new_person(acme))
        answer = await at_acme.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
        second = answer.json()
        assert set(second) == set(first)
        assert second["refresh_token"] != first["refresh_token"]
        assert part(second["access_token"], 1)["sid"] == part(first["access_token"], 1)["sid"]
        assert part(second["access_token"], 1)["auth_time"] == part(first["access_token"], 1)["auth_time"]

    async def test_the_same_client_that_asks_again_at_once_gets_the_same_successor(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson
    ) -> None:
        spent = (await token_pair(at_acme, await new_person(acme)))["refresh_token"]
        answers = await asyncio.gather(*(at_acme.post("/auth/refresh", json={"refresh_token": spent}) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1

    async def test_another_client_that_uses_it_again_ends_the_family_and_the_log_says_so(
        self, at_acme: httpx.AsyncClient, acme: House, globex: House, new_person: NewPerson, pool: Database
    ) -> None:
        person = await new_person(acme)
        pair = await token_pair(at_acme, person)
        successor = (await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).json()
        stolen = await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]}, headers={"User-Agent": "thief"})
        assert (stolen.status_code, stolen.json()["error"]) == (401, "invalid_grant")
        after = await at_acme.post("/auth/refresh", json={"refresh_token": successor["refresh_token"]})
        assert (after.status_code, after.json()["error"]) == (401, "invalid_grant")
        assert await token_refused(at_acme, successor["access_token"])
        session = part(pair["access_token"], 1)["sid"]
        query = statement("SELECT event_data FROM __tenant__.domain_events WHERE aggregate_id = :id AND event_type = 'RefreshTokenReused'")
        from uuid import UUID

        async with pool.reading(acme.tenant.place) as connection:
            events = await connection.fetch(query, id=UUID(session))
        assert [event["event_data"]["user_id"] for event in events] == [str(person.user_id)]
        async with pool.reading(globex.tenant.place) as connection:
            assert await connection.fetch(query, id=UUID(session)) == []

    async def test_using_it_again_after_ten_seconds_ends_the_family(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database
    ) -> None:
        pair = await token_pair(at_acme, await new_person(acme))
        successor = (await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).json()
        async with pool.writing(acme.tenant.place) as connection:
            earlier = statement("UPDATE __tenant__.refresh_tokens SET used_at = used_at - interval '11 seconds' WHERE hash = :hash")
            await connection.execute(earlier, hash=hashlib.sha256(pair["refresh_token"].encode()).digest())
        assert (await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401
        assert (await at_acme.post("/auth/refresh", json={"refresh_token": successor["refresh_token"]})).status_code == 401

    async def test_it_is_unknown_at_another_organization_and_stays_good_at_its_own(
        self, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, acme: House, new_person: NewPerson
    ) -> None:
        pair = await token_pair(at_acme, await new_person(acme))
        assert (await at_globex.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401
        assert (await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 200

    async def test_it_is_no_access_token_and_an_access_token_is_none(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
        pair = await token_pair(at_acme, await new_person(acme))
        assert await token_refused(at_acme, pair["refresh_token"])
        assert (await at_acme.post("/auth/refresh", json={"refresh_token": pair["access_token"]})).status_code == 401

    async def test_one_that_is_past_its_time_is_refused(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database) -> None:
        pair = await token_pair(at_acme, await new_person(acme))
        async with pool.writing(acme.tenant.place) as connection:
            over = statement("UPDATE __tenant__.refresh_tokens SET expires_at = now() WHERE hash = :hash")
            await connection.execute(over, hash=hashlib.sha256(pair["refresh_token"].encode()).digest())
        assert (await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401

    async def test_whoever_was_suspended_gets_no_new_tokens(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database
    ) -> None:
        person = await new_person(acme)
        pair = await token_pair(at_acme, person)
        async with pool.writing(acme.tenant.place) as connection:
            await connection.execute(statement("UPDATE __tenant__.users SET status = 'suspended' WHERE id = :id"), id=person.user_id)
        assert (await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401

    async def test_nothing_in_the_database_is_a_token(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database) -> None:
        pair = await token_pair(at_acme, await new_person(acme))
        await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        async with pool.reading(acme.tenant.place) as connection:
            rows = await connection.fetch(statement("SELECT t::text AS row FROM __tenant__.refresh_tokens t"))
        assert not any(pair["refresh_token"] in row["row"] or pair["refresh_token"].encode().hex() in row["row"] for row in rows)
