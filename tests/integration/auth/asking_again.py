"""People who signed in long ago, and prove once more who they are."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.forms import form_of
from tests.integration.auth.conftest import Person
from tests.integration.auth.signing_in import sign_in

LONG_AGO = statement(
    "UPDATE __tenant__.sessions SET auth_time = auth_time - interval '11 minutes', elevated_at = elevated_at - interval '11 minutes' "
    "WHERE user_id = :user_id"
)
SESSIONS = statement(
    "SELECT id, amr, auth_time, elevated_at, created_at, expires_at, revoked_at FROM __tenant__.sessions "
    "WHERE user_id = :user_id ORDER BY revoked_at NULLS LAST, id"
)


async def long_ago(pool: Database, person: Person) -> None:
    """As if they had signed in eleven minutes ago."""
    async with transaction(pool, person.tenant, Cause(new_id())) as change:
        await change.connection.execute(LONG_AGO, user_id=person.user_id)


async def rows(pool: Database, person: Person) -> list[Any]:
    async with pool.reading(person.tenant.place) as connection:
        return list(await connection.fetch(SESSIONS, user_id=person.user_id))


async def signed_in_long_ago(browser: httpx.AsyncClient, pool: Database, person: Person) -> None:
    assert (await sign_in(browser, person)).status_code == 303
    await long_ago(pool, person)


async def known_to_be_long_ago(browser: httpx.AsyncClient) -> httpx.Response:
    """The page that asks; what a process knows of a session may be a few seconds old."""
    for _ in range(300):
        asked = await browser.get("/auth/again", params={"next": "/auth/account/second-factor"})
        if asked.status_code == 200:
            return asked
        await asyncio.sleep(0.2)
    raise AssertionError("the session is as fresh as before")


async def prove(browser: httpx.AsyncClient, next: str = "/auth/account/second-factor", **typed: str) -> httpx.Response:
    form = form_of(await browser.get("/auth/again", params={"next": next}))
    return await browser.post("/auth/again", data={"form": form, "next": next, **typed})
