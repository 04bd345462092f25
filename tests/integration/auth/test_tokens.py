"""What a token says, where it is good, and how soon it knows of what its person lost."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from litestar.types import ASGIApp

from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.auth.conftest import NewPerson, ask_who, bearer, client_at, refused, token_pair, who
from tests.integration.auth.tokens_apart import part, token_refused
from tests.integration.conftest import House
from tests.integration.serving import running

EXPECTED_CLAIMS = {
    "iss", "aud", "client_id", "sub", "org", "tenant", "role", "permissions", "sid", "amr", "auth_time", "jti", "iat", "exp",
}  # fmt: skip


async def test_a_token_carries_exactly_the_claims_that_clients_were_promised(at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
    person = await new_person(acme)
    pair = await token_pair(at_acme, person)
    assert set(pair) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
    header, claims = part(pair["access_token"], 0), part(pair["access_token"], 1)
    assert set(header) == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert set(claims) == EXPECTED_CLAIMS
    assert claims["iss"] == claims["aud"] == "http://acme.localhost:8000"
    assert (claims["sub"], claims["org"], claims["tenant"], claims["role"]) == (str(person.user_id), str(acme.tenant.id), "acme", "author")
    assert claims["amr"] == ["pwd"]
    assert claims["exp"] - claims["iat"] == 900


async def test_a_published_key_verifies_a_token_without_us(at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
    pair = await token_pair(at_acme, await new_person(acme))
    answer = await at_acme.get("/.well-known/jwks.json")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert "max-age=300" in answer.headers["cache-control"]
    keys = {key["kid"]: key for key in answer.json()["keys"]}
    assert all("d" not in key and key["use"] == "sig" and key["alg"] == "ES256" for key in keys.values())
    key = ECKey.import_key(keys[part(pair["access_token"], 0)["kid"]])
    assert jwt.decode(pair["access_token"], key, algorithms=["ES256"]).claims["tenant"] == "acme"


async def test_a_token_works_at_its_own_organization_and_nowhere_else(
    at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    token = (await token_pair(at_acme, person))["access_token"]
    assert await who(at_acme, bearer(token)) == {"me": {"id": str(person.user_id), "role": "author"}, "organization": {"slug": "acme"}}
    assert await token_refused(at_globex, token)


async def test_on_the_api_host_the_token_names_the_organization(app: ASGIApp, acme: House, new_person: NewPerson, at_acme: httpx.AsyncClient) -> None:
    token = (await token_pair(at_acme, await new_person(acme)))["access_token"]
    async with client_at(app, "api.localhost") as client:
        assert (await who(client, bearer(token)))["organization"] == {"slug": "acme"}
        assert (await ask_who(client)).status_code == 404


async def test_the_base_host_takes_no_token(app: ASGIApp, acme: House, new_person: NewPerson, at_acme: httpx.AsyncClient) -> None:
    token = (await token_pair(at_acme, await new_person(acme)))["access_token"]
    async with client_at(app, "localhost") as client:
        assert (await ask_who(client, bearer(token))).status_code == 404


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", "bearer \xff.a.b", "Bearer " + "a" * 9000])
async def test_what_is_no_token_is_refused_as_one(at_acme: httpx.AsyncClient, authorization: str) -> None:
    assert await refused(at_acme, {b"Authorization": authorization.encode("latin-1")})


class TestRightsNow:
    async def test_a_revoked_session_is_refused_by_every_process(
        self, at_acme: httpx.AsyncClient, migrated: TenantSettings, acme: House, new_person: NewPerson
    ) -> None:
        token = (await token_pair(at_acme, await new_person(acme)))["access_token"]
        async with running(migrated) as another, client_at(another, "acme.localhost") as elsewhere:
            assert not await token_refused(elsewhere, token)
            assert not await token_refused(at_acme, token)
            assert (await at_acme.post("/auth/logout", headers=bearer(token))).status_code == 204
            assert await token_refused(at_acme, token)
            async with asyncio.timeout(60):
                while not await token_refused(elsewhere, token):
                    await asyncio.sleep(0.1)

    async def test_a_demotion_holds_although_the_token_says_otherwise(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database
    ) -> None:
        person = await new_person(acme, role="editor")
        token = (await token_pair(at_acme, person))["access_token"]
        assert (await who(at_acme, bearer(token)))["me"]["role"] == "editor"
        async with pool.writing(acme.tenant.place) as connection:
            await connection.execute(statement("UPDATE __tenant__.users SET role = 'reader' WHERE id = :id"), id=person.user_id)
        async with asyncio.timeout(60):
            while (await who(at_acme, bearer(token)))["me"]["role"] != "reader":
                await asyncio.sleep(0.1)
        assert part(token, 1)["role"] == "editor"
