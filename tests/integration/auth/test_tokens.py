from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.auth.conftest import NewPerson, ask_who, bearer, client_at, refused, token_pair, who
from tests.integration.conftest import House
from tests.integration.serving import running

EXPECTED_CLAIMS = {
    "iss", "aud", "client_id", "sub", "org", "tenant", "role", "permissions", "sid", "amr", "auth_time", "jti", "iat", "exp",
}  # fmt: skip


def _part(token: str, number: int) -> dict[str, Any]:
    segment = token.split(".")[number]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return decoded


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def _refused(client: httpx.AsyncClient, token: str) -> bool:
    return await refused(client, bearer(token))


async def test_a_token_carries_exactly_the_claims_that_clients_were_promised(at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
    person = await new_person(acme)
    pair = await token_pair(at_acme, person)
    assert set(pair) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
    header, claims = _part(pair["access_token"], 0), _part(pair["access_token"], 1)
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
    key = ECKey.import_key(keys[_part(pair["access_token"], 0)["kid"]])
    assert jwt.decode(pair["access_token"], key, algorithms=["ES256"]).claims["tenant"] == "acme"


async def test_a_token_works_at_its_own_organization_and_nowhere_else(
    at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    token = (await token_pair(at_acme, person))["access_token"]
    assert await who(at_acme, bearer(token)) == {"me": {"id": str(person.user_id), "role": "author"}, "organization": {"slug": "acme"}}
    assert await _refused(at_globex, token)


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


class TestForgedTokens:
    """Each starts from a token that is good, and changes one thing."""

    @pytest.fixture
    async def token(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> str:
        token: str = (await token_pair(at_acme, await new_person(acme)))["access_token"]
        assert not await _refused(at_acme, token)
        return token

    async def _signed(self, auth: Auth, header: dict[str, Any], claims: dict[str, Any]) -> str:
        signer = await auth.parts.keys.signer()
        return jwt.encode({"alg": "ES256", "kid": signer.kid, **header}, claims, signer.key, algorithms=["ES256"], default_type=None)

    async def test_the_same_claims_signed_again_are_accepted_so_that_the_others_fail_for_their_one_reason(
        self, token: str, at_acme: httpx.AsyncClient, auth: Auth
    ) -> None:
        assert not await _refused(at_acme, await self._signed(auth, {"typ": "at+jwt"}, _part(token, 1)))

    async def test_tampered_claims(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header, _, signature = token.split(".")
        claims = _part(token, 1) | {"role": "owner"}
        assert await _refused(at_acme, f"{header}.{_encoded(claims)}.{signature}")

    async def test_tampered_signature(self, token: str, at_acme: httpx.AsyncClient) -> None:
        assert await _refused(at_acme, token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB"))

    async def test_no_algorithm(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header = _part(token, 0) | {"alg": "none"}
        assert await _refused(at_acme, f"{_encoded(header)}.{token.split('.')[1]}.")

    async def test_hmac_with_the_public_key(self, token: str, at_acme: httpx.AsyncClient) -> None:
        keys = (await at_acme.get("/.well-known/jwks.json")).json()["keys"]
        kid = _part(token, 0)["kid"]
        public = ECKey.import_key(next(key for key in keys if key["kid"] == kid)).as_pem(private=False)
        unsigned = f"{_encoded(_part(token, 0) | {'alg': 'HS256'})}.{token.split('.')[1]}"
        mac = hmac.digest(public, unsigned.encode(), hashlib.sha256)
        assert await _refused(at_acme, f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")

    async def test_another_elliptic_curve(self, token: str, at_acme: httpx.AsyncClient) -> None:
        key = ECKey.generate_key("P-384")
        forged = jwt.encode({"alg": "ES384", "typ": "at+jwt", "kid": _part(token, 0)["kid"]}, _part(token, 1), key, algorithms=["ES384"])
        assert await _refused(at_acme, forged)

    async def test_a_key_of_somebody_else(self, token: str, at_acme: httpx.AsyncClient) -> None:
        key = ECKey.generate_key("P-256")
        for kid in (_part(token, 0)["kid"], key.thumbprint()):
            assert await _refused(at_acme, jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": kid}, _part(token, 1), key, algorithms=["ES256"]))

    @pytest.mark.parametrize("typ", ["JWT", "id+jwt", "AT+JWT", "", None])
    async def test_another_type(self, token: str, at_acme: httpx.AsyncClient, auth: Auth, typ: str | None) -> None:
        header = {} if typ is None else {"typ": typ}
        assert await _refused(at_acme, await self._signed(auth, header, _part(token, 1)))

    async def test_an_unknown_critical_extension(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header = _part(token, 0) | {"crit": ["imprint"], "imprint": True}
        assert await _refused(at_acme, f"{_encoded(header)}.{token.split('.', 1)[1]}")

    async def test_a_key_location_in_the_header(self, token: str, at_acme: httpx.AsyncClient, auth: Auth) -> None:
        header = {"typ": "at+jwt", "jku": "https://elsewhere.example/keys"}
        assert await _refused(at_acme, await self._signed(auth, header, _part(token, 1)))

    async def test_an_oversized_header(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header = _part(token, 0) | {"kid": "k" * 2000}
        assert await _refused(at_acme, f"{_encoded(header)}.{token.split('.', 1)[1]}")

    @pytest.mark.parametrize(
        "change",
        [
            {"exp": None},
            {"exp": "tomorrow"},
            {"exp": True},
            {"exp": int(time.time()) - 1},
            {"iat": None},
            {"iat": int(time.time()) + 100_000},
            {"aud": "http://globex.localhost:8000"},
            {"aud": None},
            {"aud": ["http://acme.localhost:8000"]},
            {"iss": "http://globex.localhost:8000", "aud": "http://globex.localhost:8000"},
            {"iss": "http://evil.example", "aud": "http://evil.example"},
            {"org": str(uuid4())},
            {"org": None},
            {"sid": str(uuid4())},
            {"sid": 5},
            {"sub": str(uuid4())},
            {"sub": None},
        ],
        ids="+".join,
    )
    async def test_one_claim_that_is_not_right(self, token: str, at_acme: httpx.AsyncClient, auth: Auth, change: dict[str, Any]) -> None:
        claims = {name: value for name, value in (_part(token, 1) | change).items() if value is not None}
        assert await _refused(at_acme, await self._signed(auth, {"typ": "at+jwt"}, claims))


class TestRefreshing:
    async def test_a_refresh_token_gives_a_new_pair_in_the_same_session(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
        first = await token_pair(at_acme, await new_person(acme))
        answer = await at_acme.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
        second = answer.json()
        assert set(second) == set(first)
        assert second["refresh_token"] != first["refresh_token"]
        assert _part(second["access_token"], 1)["sid"] == _part(first["access_token"], 1)["sid"]
        assert _part(second["access_token"], 1)["auth_time"] == _part(first["access_token"], 1)["auth_time"]

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
        assert await _refused(at_acme, successor["access_token"])
        session = _part(pair["access_token"], 1)["sid"]
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
        assert await _refused(at_acme, pair["refresh_token"])
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


class TestRightsNow:
    async def test_a_revoked_session_is_refused_by_every_process(
        self, at_acme: httpx.AsyncClient, migrated: TenantSettings, acme: House, new_person: NewPerson
    ) -> None:
        token = (await token_pair(at_acme, await new_person(acme)))["access_token"]
        async with running(migrated) as another, client_at(another, "acme.localhost") as elsewhere:
            assert not await _refused(elsewhere, token)
            assert not await _refused(at_acme, token)
            assert (await at_acme.post("/auth/logout", headers=bearer(token))).status_code == 204
            assert await _refused(at_acme, token)
            async with asyncio.timeout(60):
                while not await _refused(elsewhere, token):
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
        assert _part(token, 1)["role"] == "editor"
