from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest

from auth.service import Auth
from auth.signing import ASK_AGAIN_AFTER, REREAD_AFTER, SigningKeys
from tenants.database import Database
from tenants.errors import NotFound, RetryLater
from tenants.secrets import Keyring, Undecipherable, new_key
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.auth.conftest import NewPerson, bearer, client_at, refused, token_pair
from tests.integration.conftest import House
from tests.integration.serving import running

PUBLISHED_KEYS = statement("SELECT kid FROM control.signing_keys WHERE retired_at IS NULL")


@pytest.fixture(autouse=True)
async def everybody_knows(auth: Auth, at_acme: httpx.AsyncClient, pool: Database) -> AsyncIterator[None]:
    """Processes that go on after a test of this file have heard what it changed."""
    yield
    await auth.parts.keys.all()
    async with pool.control() as connection:
        there = {row["kid"] for row in await connection.fetch(PUBLISHED_KEYS)}
    deadline = time.monotonic() + 60
    while there and await _published(at_acme) != there:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


@pytest.fixture
async def no_keys(pool: Database) -> None:
    async with pool.writing(None) as connection:
        await connection.execute(statement("UPDATE control.signing_keys SET retired_at = now() WHERE retired_at IS NULL"))


@pytest.fixture
def fresh_keys(pool: Database, migrated: TenantSettings) -> SigningKeys:
    """Those of a process that has read nothing so far."""
    return SigningKeys(pool, Keyring(migrated.secret_keys), overlap=0)


async def _published(client: httpx.AsyncClient) -> set[str]:
    return {key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]}


def _kid(token: str) -> str:
    header = token.partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])


async def test_processes_that_start_together_make_one_key(no_keys: None, make_auth: Callable[[], Auth]) -> None:
    processes = [make_auth() for _ in range(4)]
    signers = await asyncio.gather(*(process.parts.keys.signer() for process in processes))
    assert len({signer.kid for signer in signers}) == 1


async def test_the_first_tokens_of_a_process_are_all_looked_at_with_the_keys_in_hand(auth: Auth, fresh_keys: SigningKeys) -> None:
    kid = (await auth.parts.keys.signer()).kid
    found = await asyncio.gather(*(fresh_keys.verifier(kid) for _ in range(10)))
    assert [key and key.kid for key in found] == [kid] * 10


async def test_an_asker_who_goes_away_takes_the_keys_from_nobody(auth: Auth, fresh_keys: SigningKeys) -> None:
    kid = (await auth.parts.keys.signer()).kid
    first = asyncio.create_task(fresh_keys.verifier(kid))
    waiting = asyncio.create_task(fresh_keys.verifier(kid))
    await asyncio.sleep(0)
    first.cancel()
    assert await waiting is not None
    assert await fresh_keys.verifier(kid) is not None
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_key_made_elsewhere_is_found_by_all_who_ask_for_it_at_once(auth: Auth, pool: Database, migrated: TenantSettings) -> None:
    now = [0.0]
    keys = SigningKeys(pool, Keyring(migrated.secret_keys), overlap=0, clock=lambda: now[0])
    await keys.signer()
    made = await auth.parts.keys.rotate()
    now[0] = ASK_AGAIN_AFTER
    found = await asyncio.gather(*(keys.verifier(made) for _ in range(10)))
    assert [key and key.kid for key in found] == [made] * 10


async def test_without_the_database_the_keys_that_are_known_stand(auth: Auth, pool: Database, migrated: TenantSettings) -> None:
    now = [0.0]
    keys = SigningKeys(pool, Keyring(migrated.secret_keys), overlap=0, clock=lambda: now[0])
    kid = (await keys.signer()).kid
    async with Database(replace(migrated, database_url="postgresql://nobody@127.0.0.1:1/nowhere"), connections=1) as away:
        keys._database = away
        now[0] = REREAD_AFTER
        assert await keys.verifier(kid) is not None
        with pytest.raises(RetryLater):
            await keys.all()
        with pytest.raises(RetryLater):
            await SigningKeys(away, Keyring(migrated.secret_keys), overlap=0).verifier(kid)


async def test_a_new_key_is_published_before_it_signs(
    auth: Auth, migrated: TenantSettings, acme: House, new_person: NewPerson, pool: Database
) -> None:
    person, before = await new_person(acme), (await auth.parts.keys.signer()).kid
    fresh = await auth.parts.keys.rotate()
    async with running(migrated) as product, client_at(product, "acme.localhost") as client:
        assert {before, fresh} <= await _published(client)
        token = (await token_pair(client, person))["access_token"]
        assert _kid(token) == before
    async with pool.writing(None) as connection:
        await connection.execute(statement("UPDATE control.signing_keys SET signs_from = now() WHERE kid = :kid"), kid=fresh)
    async with running(migrated) as product, client_at(product, "acme.localhost") as client:
        assert _kid((await token_pair(client, person))["access_token"]) == fresh
        assert not await refused(client, bearer(token))


async def test_what_a_retired_key_signed_is_refused_also_where_it_was_verified_before(
    auth: Auth, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    token = (await token_pair(at_acme, person))["access_token"]
    assert not await refused(at_acme, bearer(token))
    await auth.parts.keys.retire(_kid(token))
    async with asyncio.timeout(60):
        while not await refused(at_acme, bearer(token)):
            await asyncio.sleep(0.1)
    assert _kid(token) not in await _published(at_acme)
    assert not await refused(at_acme, bearer((await token_pair(at_acme, person))["access_token"]))


async def test_retiring_a_key_that_is_not_there_says_where_to_look(auth: Auth) -> None:
    with pytest.raises(NotFound, match="imprint keys list"):
        await auth.parts.keys.retire("no-such-key")


async def test_a_private_key_lies_encrypted_and_opens_with_the_installations_key_alone(auth: Auth, pool: Database, migrated: TenantSettings) -> None:
    signer = await auth.parts.keys.signer()
    async with pool.control() as connection:
        stored = await connection.fetchval(statement("SELECT private_key FROM control.signing_keys WHERE kid = :kid"), kid=signer.kid)
    assert str(signer.key.as_dict(private=True)["d"]).encode() not in stored
    with pytest.raises(Undecipherable):
        await SigningKeys(pool, Keyring((new_key(),)), overlap=0).signer()
