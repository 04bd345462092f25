from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from auth.service import Auth
from auth.signing import SigningKeys
from tenants.database import Database
from tenants.errors import NotFound
from tenants.secrets import Keyring, Undecipherable, new_key
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.auth.conftest import NewPerson, bearer, token_pair
from tests.integration.conftest import House


@pytest.fixture
async def no_keys(pool: Database) -> None:
    async with pool.writing(None) as connection:
        await connection.execute(statement("UPDATE control.signing_keys SET retired_at = now() WHERE retired_at IS NULL"))


async def test_processes_that_start_together_make_one_key(no_keys: None, make_auth: Callable[..., Auth]) -> None:
    processes = [make_auth() for _ in range(4)]
    signers = await asyncio.gather(*(process.parts.keys.signer() for process in processes))
    assert len({signer.kid for signer in signers}) == 1


async def test_a_new_key_is_published_before_it_signs(
    auth: Auth, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database
) -> None:
    await auth.parts.keys.all()
    before = (await auth.parts.keys.signer()).kid
    fresh = await auth.parts.keys.rotate()
    published = {key["kid"] for key in (await at_acme.get("/.well-known/jwks.json")).json()["keys"]}
    assert {before, fresh} <= published
    assert (await auth.parts.keys.signer()).kid == before
    token = (await token_pair(at_acme, await new_person(acme)))["access_token"]
    async with pool.writing(None) as connection:
        await connection.execute(statement("UPDATE control.signing_keys SET signs_from = now() WHERE kid = :kid"), kid=fresh)
    await auth.parts.keys.all()
    assert (await auth.parts.keys.signer()).kid == fresh
    assert (await at_acme.get("/whoami", headers=bearer(token))).status_code == 200


async def test_what_a_retired_key_signed_is_refused_also_where_it_was_verified_before(
    auth: Auth, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson
) -> None:
    await auth.parts.keys.all()
    token = (await token_pair(at_acme, await new_person(acme)))["access_token"]
    assert (await at_acme.get("/whoami", headers=bearer(token))).status_code == 200
    retired = (await auth.parts.keys.signer()).kid
    await auth.parts.keys.retire(retired)
    assert (await at_acme.get("/whoami", headers=bearer(token))).status_code == 401
    assert retired not in {key["kid"] for key in (await at_acme.get("/.well-known/jwks.json")).json()["keys"]}
    again = (await token_pair(at_acme, await new_person(acme)))["access_token"]
    assert (await at_acme.get("/whoami", headers=bearer(again))).status_code == 200


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
