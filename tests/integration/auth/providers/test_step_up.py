"""Whoever came through a provider is asked there once more."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tests.integration.auth.asking_again import known_to_be_long_ago, long_ago
from tests.integration.auth.conftest import Person, who
from tests.integration.auth.providers.connecting import Connected, refused
from tests.integration.conftest import House
from tests.peers.openid import Provider


async def test_whoever_came_through_a_provider_goes_there_again_and_is_asked_anew(
    auth: Auth, acme: House, pool: Database, connected: Connected, provider: Provider
) -> None:
    await connected.bring(provider.agree(await connected.begin()))
    me = (await who(connected.browser))["me"]
    person = Person(UUID(me["id"]), "", acme.tenant)
    await long_ago(pool, person)
    asked = await known_to_be_long_ago(connected.browser)
    there = await connected.begin(next="/auth/account/second-factor", again="1")
    answer = provider.agree(there)
    provider.claims = lambda said: said.update(auth_time=int(time.time()) - 3600)
    stale = await refused(auth, connected, await connected.bring(answer))
    provider.claims = lambda said: said.update(auth_time=int(time.time()))
    mine = dict(provider.person)
    provider.person |= {"sub": new_id().hex, "email": f"{new_id().hex}@acme.example"}
    another = await refused(auth, connected, await connected.bring(provider.agree(await connected.begin(again="1"))))
    provider.person = mine
    back = await connected.bring(provider.agree(await connected.begin(next="/auth/account/second-factor", again="1")))
    after = await connected.browser.get("/auth/account/second-factor")

    query = parse_qs(urlsplit(there).query)
    assert f"/auth/oidc/{connected.connection.name}/login?next=" in asked.text
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
    assert (stale, another) == ("token_auth_time", "same_person")
    assert (back.headers["location"], after.status_code) == ("/auth/account/second-factor", 200)


async def test_a_provider_that_may_have_asked_nothing_proves_nothing_anew(connected: Connected, provider: Provider) -> None:
    await connected.bring(provider.agree(await connected.begin()))
    silent = await connected.browser.get("/auth/account/second-factor")
    await connected.bring(provider.agree(await connected.begin(again="1")))
    asked = await connected.browser.get("/auth/account/second-factor")

    assert (silent.status_code, silent.headers["location"][:17], asked.status_code) == (303, "/auth/again?next=", 200)


async def test_saml_providers_are_told_to_ask_anew(visiting: Any) -> None:
    from ops.bench.identity_provider import request_in

    visit = visiting("plain")
    nobody = await visit.browser.get(f"{visit.path}/login", params={"again": "1"})
    await visit.come_in(await visit.good())
    plain = await visit.browser.get(f"{visit.path}/login")
    again = await visit.browser.get(f"{visit.path}/login", params={"again": "1"})

    assert [request_in(answer.headers["location"])[0].get("ForceAuthn") for answer in (nobody, plain, again)] == [None, None, "true"]
