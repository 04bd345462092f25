from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp
from redis.asyncio import Redis

from auth.limits import Limits
from auth.measures import HASHES
from auth.passwords import DUMMY, Busy, Passwords
from auth.service import Auth
from auth.settings import AuthSettings
from tenants.database import Database
from tenants.errors import RateLimited
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.auth.conftest import PASSWORD, NewPerson, Person, client_at, token_pair
from tests.integration.conftest import House
from tests.integration.serving import running

SUSPEND = statement("UPDATE __tenant__.users SET status = :status WHERE id = :id")
CHEAP = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$1GP3OkdBLKgT3GGjpyPRFnbKYPdCU7yTZYE7QdHDHfY"


def _hashes() -> float:
    return float(HASHES._value.get())


async def _try(client: httpx.AsyncClient, login: str, password: str) -> httpx.Response:
    return await client.post("/auth/token", json={"email": login, "password": password})


async def _with_status(pool: Database, person: Person, status: str) -> None:
    async with pool.writing(person.tenant.place) as connection:
        await connection.execute(SUSPEND, id=person.user_id, status=status)


@pytest.mark.parametrize("case", ["unknown", "wrong", "suspended", "removed", "invited", "empty", "nul-free junk", "too long"])
async def test_every_way_to_fail_answers_the_same_and_costs_the_same_work(
    case: str, app: ASGIApp, acme: House, new_person: NewPerson, pool: Database
) -> None:
    person = await new_person(acme, status="invited" if case == "invited" else "active")
    if case in {"suspended", "removed"}:
        await _with_status(pool, person, case)
    login = f"nobody-{case.replace(' ', '-')}@acme.example" if case in {"unknown", "nul-free junk"} else person.email
    password = {"wrong": "not this one", "empty": "", "nul-free junk": "\x7f" * 40, "too long": "x" * 3000}.get(case, PASSWORD)
    async with client_at(app, "acme.localhost") as client:
        before = _hashes()
        answer = await _try(client, login, password)
        assert _hashes() - before == 1
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_credentials",
        "message": "That e-mail address and password do not match. Check both and try again.",
    }
    assert "set-cookie" not in answer.headers


async def test_a_person_signs_in_by_username_and_however_they_type_their_address(
    at_acme: httpx.AsyncClient, auth: Auth, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    account = await auth.parts.accounts.get(acme.tenant, person.user_id)
    assert account is not None
    assert (await at_acme.post("/auth/token", json={"username": account.username, "password": PASSWORD})).status_code == 200
    assert (await _try(at_acme, f" {person.email.upper()} ", PASSWORD)).status_code == 200


async def test_a_password_of_one_organization_is_none_at_the_other(
    at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    assert (await _try(at_globex, person.email, PASSWORD)).status_code == 401
    assert (await _try(at_acme, person.email, PASSWORD)).status_code == 200


async def test_a_hash_with_old_parameters_is_renewed_when_its_person_signs_in(
    at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database
) -> None:
    from argon2 import PasswordHasher

    person = await new_person(acme)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with pool.writing(acme.tenant.place) as connection:
        await connection.execute(statement("UPDATE __tenant__.credentials SET password_hash = :h WHERE user_id = :id"), h=weak, id=person.user_id)
    await token_pair(at_acme, person)
    async with pool.reading(acme.tenant.place) as connection:
        now = await connection.fetchval(statement("SELECT password_hash FROM __tenant__.credentials WHERE user_id = :id"), id=person.user_id)
    assert now.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await token_pair(at_acme, person)


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "names"),
        [
            (b"", "JSON"),
            (b"{", "JSON"),
            (b"[]", "object"),
            (b'"text"', "object"),
            (b"\xff\xfe", "JSON"),
            (b"[" * 5000, "JSON"),
            (b'{"email": NaN, "password": "x"}', "JSON"),
            (b"{}", "email"),
            (b'{"email": "a@b.example"}', "password"),
            (b'{"email": "a@b.example", "username": "a", "password": "x"}', "either"),
            (b'{"email": 5, "password": "x"}', "email"),
            (b'{"email": null, "password": "x"}', "email"),
            (b'{"email": ["a"], "password": {"b": 1}}', "password"),
            (b'{"email": "a@b.example", "password": "x", "admin": "yes"}', "admin"),
            (b'{"email": "a\\u0000@b.example", "password": "x"}', "email"),
            (b'{"email": "a@b.example", "password": "x\\u0000"}', "password"),
            (b'{"email": "\\ud800@b.example", "password": "x"}', "email"),
            (b'{"\\ud800": "a", "email": "a@b.example", "password": "x"}', "not known"),
            (b'{"email": "a@b.example", "password": "x", "grant_type": "implicit"}', "grant_type"),
        ],
        ids=lambda value: repr(value)[:50],
    )
    async def test_is_refused_with_a_code_and_a_reason(self, at_acme: httpx.AsyncClient, body: bytes, names: str) -> None:
        answer = await at_acme.post("/auth/token", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert names in answer.json()["message"]

    @pytest.mark.parametrize("media", ["text/plain", "multipart/form-data; boundary=x", "", "application/jsonp"])
    async def test_in_a_content_type_that_a_foreign_form_can_send_is_refused(self, at_acme: httpx.AsyncClient, media: str) -> None:
        answer = await at_acme.post("/auth/token", content=b'{"email": "a@b.example", "password": "x"}', headers={"Content-Type": media})
        assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")

    async def test_in_a_form_as_programs_send_their_codes_is_refused(self, at_acme: httpx.AsyncClient) -> None:
        for given in ({}, {"grant_type": "password"}):
            answer = await at_acme.post("/auth/token", data={"email": "a@b.example", "password": "x", **given})
            assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")

    async def test_of_two_megabytes_is_refused(self, at_acme: httpx.AsyncClient) -> None:
        for headers in ({"Content-Type": "application/json"}, {"Content-Type": "application/json", "Content-Length": "2097152"}):
            answer = await at_acme.post("/auth/token", content=b'{"email": "' + b"a" * 2_097_152 + b'"}', headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (413, "payload_too_large")

    @pytest.mark.parametrize("body", [{}, {"refresh_token": 5}, {"refresh_token": "a", "more": "b"}, {"refresh_token": "a\0"}])
    async def test_at_refresh_is_refused_alike(self, at_acme: httpx.AsyncClient, body: dict[str, Any]) -> None:
        assert (await at_acme.post("/auth/refresh", json=body)).status_code == 400

    async def test_a_refresh_token_that_is_too_long_is_just_not_good(self, at_acme: httpx.AsyncClient) -> None:
        assert (await at_acme.post("/auth/refresh", json={"refresh_token": "a" * 4000})).status_code == 401


class TestGuessing:
    async def test_five_wrong_passwords_slow_down_the_next_try_wherever_it_comes_from(self, app: ASGIApp, acme: House, new_person: NewPerson) -> None:
        person = await new_person(acme)
        guesses: list[int] = []
        while not guesses or guesses[-1] == 401:
            before = _hashes()
            async with client_at(app, "acme.localhost") as client:
                answer = await _try(client, person.email, "guess")
            guesses.append(answer.status_code)
        assert guesses[:5] == [401] * 5
        assert (guesses[-1], answer.json()["error"]) == (429, "rate_limited")
        assert _hashes() == before
        seconds = int(answer.headers["retry-after"])
        assert answer.json()["retry_after"] == seconds
        await asyncio.sleep(seconds + 0.05)
        async with client_at(app, "acme.localhost") as client:
            assert (await _try(client, person.email, PASSWORD)).status_code == 200
            assert (await _try(client, person.email, "guess")).status_code == 401

    @pytest.mark.usefixtures("acme")
    async def test_somebody_who_does_not_exist_is_slowed_down_just_so(self, app: ASGIApp) -> None:
        answers = []
        for _ in range(6):
            async with client_at(app, "acme.localhost") as client:
                answers.append((await _try(client, "ghost@acme.example", "guess")).status_code)
        assert answers == [401] * 5 + [429]

    async def test_trying_all_names_of_a_person_does_not_tell_that_there_is_one(
        self, app: ASGIApp, auth: Auth, acme: House, globex: House, new_person: NewPerson
    ) -> None:
        async def answer(house: House, fields: dict[str, str]) -> tuple[int, str]:
            async with client_at(app, f"{house.tenant.slug}.localhost") as client:
                answer = await client.post("/auth/token", json=fields | {"password": "guess"})
            return answer.status_code, answer.text

        async def answers(house: House, username: str, email: str) -> list[tuple[int, str]]:
            """Six tries by username, then one by e-mail address, each from somewhere else."""
            by_name = await asyncio.gather(*(answer(house, {"username": username}) for _ in range(6)))
            return [*sorted(by_name), await answer(house, {"email": email})]

        person = await new_person(acme)
        account = await auth.parts.accounts.get(acme.tenant, person.user_id)
        assert account is not None
        existing = await answers(acme, account.username, person.email)
        assert [status for status, _ in existing] == [401] * 5 + [429, 401]
        assert await answers(acme, "nobody-by-this-name", "nobody-by-this-name@acme.example") == existing
        assert await answers(globex, account.username, person.email) == existing

    async def test_many_guesses_at_once_gain_nothing(self, app: ASGIApp, acme: House, new_person: NewPerson) -> None:
        person = await new_person(acme)

        async def guess() -> int:
            async with client_at(app, "acme.localhost") as client:
                return (await _try(client, person.email, "guess")).status_code

        statuses = await asyncio.gather(*(guess() for _ in range(20)))
        assert (statuses.count(401), statuses.count(429)) == (5, 15)

    async def test_one_address_that_tries_many_people_is_slowed_down_at_this_organization_alone(
        self, app: ASGIApp, acme: House, globex: House, new_person: NewPerson
    ) -> None:
        here, there = await new_person(acme), await new_person(globex)
        async with client_at(app, "acme.localhost", address="192.0.2.7") as client:
            for number in range(5):
                assert (await _try(client, f"somebody-{number}@acme.example", "guess")).status_code == 401
            assert (await _try(client, here.email, PASSWORD)).status_code == 429
        async with client_at(app, "globex.localhost", address="192.0.2.7") as client:
            assert (await _try(client, there.email, PASSWORD)).status_code == 200

    async def test_an_address_is_what_the_trusted_proxy_adds_however_many_lines_the_client_sent(
        self, app: ASGIApp, migrated: TenantSettings, acme: House, globex: House, new_person: NewPerson, pool: Database
    ) -> None:
        lines = [("X-Forwarded-For", "203.0.113.66"), ("X-Forwarded-For", "198.51.100.7")]
        seen = statement("SELECT host(address) FROM __tenant__.sessions WHERE user_id = :id")
        async with running(migrated, AuthSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))) as behind_proxy:
            for product, house, expected in ((behind_proxy, acme, "198.51.100.7"), (behind_proxy, globex, "198.51.100.7"), (app, acme, "10.9.9.9")):
                person = await new_person(house)
                async with client_at(product, f"{house.tenant.slug}.localhost", address="10.9.9.9") as client:
                    answer = await client.post("/auth/token", json={"email": person.email, "password": PASSWORD}, headers=lines)
                assert answer.status_code == 200
                async with pool.reading(house.tenant.place) as connection:
                    assert await connection.fetchval(seen, id=person.user_id) == expected

    async def test_without_redis_this_process_counts_for_itself(self, acme: House) -> None:
        nowhere: Redis = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, socket_timeout=0.2)
        limits = Limits(nowhere)
        for _ in range(5):
            await limits.enter(acme.tenant, "somebody", "192.0.2.8")
        with pytest.raises(RateLimited):
            await limits.enter(acme.tenant, "somebody", "192.0.2.8")
        await limits.succeeded(acme.tenant, "somebody")
        await limits.enter(acme.tenant, "somebody", "192.0.2.8")
        await nowhere.aclose()

    async def test_processes_share_one_count(self, redis: Redis, acme: House) -> None:
        one, other = Limits(redis), Limits(redis)
        for limits in (one, other, one, other, one):
            await limits.enter(acme.tenant, "shared-somebody", "192.0.2.9")
        with pytest.raises(RateLimited):
            await other.enter(acme.tenant, "shared-somebody", "192.0.2.9")


class TestHashing:
    async def test_beyond_its_queue_it_says_try_later_instead_of_growing(self) -> None:
        passwords = Passwords(workers=1, waiting=2)
        results = await asyncio.gather(*(passwords.verify(DUMMY, "guess") for _ in range(6)), return_exceptions=True)
        passwords.close()
        assert [type(result) for result in results] == [bool, bool, bool, Busy, Busy, Busy]

    async def test_an_attempt_that_was_not_looked_at_does_not_count(self, redis: Redis, acme: House) -> None:
        limits = Limits(redis)
        for _ in range(12):
            await limits.enter(acme.tenant, "busy-somebody", "192.0.2.10")
            await limits.not_looked_at(acme.tenant, "busy-somebody")
        await limits.enter(acme.tenant, "busy-somebody", "192.0.2.10")

    async def test_a_hash_that_is_none_matches_nothing(self) -> None:
        passwords = Passwords(workers=1)
        assert not await passwords.verify("plain text", "plain text")
        assert not await passwords.verify(None, "nobody's password: whoever is not there costs the same work")
        assert not await passwords.verify(CHEAP, "anything")
        passwords.close()
