"""Whoever came through a provider is asked there once more."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
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
    provider.honest()
    # Whoever sits at the browser takes out of the address what makes the provider ask: it answers for an earlier sign-in, and need not say so.
    answer = provider.agree(re.sub(r"&(?:prompt|max_age)=\w+", "", await connected.begin(again="1")))
    silent = await refused(auth, connected, await connected.bring(answer))
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
    assert (stale, silent, another) == ("token_auth_time", "token_auth_time", "same_person")
    assert (back.headers["location"], after.status_code) == ("/auth/account/second-factor", 200)


async def test_a_provider_that_may_have_asked_nothing_proves_nothing_anew(connected: Connected, provider: Provider) -> None:
    await connected.bring(provider.agree(await connected.begin()))
    silent = await connected.browser.get("/auth/account/second-factor")
    await connected.bring(provider.agree(await connected.begin(again="1")))
    asked = await connected.browser.get("/auth/account/second-factor")

    assert (silent.status_code, silent.headers["location"][:17], asked.status_code) == (303, "/auth/again?next=", 200)


async def test_a_saml_provider_that_did_not_ask_anew_proves_nothing(visiting: Any) -> None:
    from ops.bench.identity_provider import request_in

    visit = visiting("plain")
    first = await visit.good()
    await visit.come_in(first)

    async def anew(seconds: int) -> Any:
        """The request need not be signed: whoever sits at the browser takes ForceAuthn out of it, and the provider answers for an earlier sign-in."""
        request, asked = request_in((await visit.browser.get(f"{visit.path}/login", params={"again": "1"})).headers["location"])
        visit.relay = asked["RelayState"]
        instant = datetime.now(UTC) + timedelta(seconds=seconds)
        said = {"AuthnInstant": f"{instant:%Y-%m-%dT%H:%M:%SZ}"}
        return await visit.send(first.but(request=request.get("ID"), wrong=lambda root: root.find(".//{*}AuthnStatement").attrib.update(said)))

    stale = [await visit.check(await anew(seconds)) for seconds in (-3600, 3600)]
    fresh = await visit.browser.get((await anew(-60)).headers["location"])

    assert stale == ["authenticated_anew"] * 2
    assert (fresh.status_code, fresh.headers["location"]) == (303, "/auth/account")


async def test_saml_providers_are_told_to_ask_anew(visiting: Any) -> None:
    from ops.bench.identity_provider import request_in

    visit = visiting("plain")
    nobody = await visit.browser.get(f"{visit.path}/login", params={"again": "1"})
    await visit.come_in(await visit.good())
    plain = await visit.browser.get(f"{visit.path}/login")
    again = await visit.browser.get(f"{visit.path}/login", params={"again": "1"})

    assert [request_in(answer.headers["location"])[0].get("ForceAuthn") for answer in (nobody, plain, again)] == [None, None, "true"]
