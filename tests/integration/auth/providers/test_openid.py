"""Signing in at OpenID providers, and out again."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc.jwk import ECKey
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.auth.conftest import client_at, who
from tests.integration.auth.providers.connecting import Connected, connect, last_refusal, refused
from tests.integration.conftest import House
from tests.integration.serving import running
from tests.peers import openid
from tests.peers.openid import CLIENT, Provider

HELD = statement("SELECT id FROM __tenant__.sessions FOR UPDATE")


async def test_somebody_signs_in_at_the_provider_and_is_who_they_are_there(connected: Connected, provider: Provider) -> None:
    there = await connected.begin(next="/auth/account/tokens")
    back = await connected.bring(provider.agree(there))
    me = (await who(connected.browser))["me"]

    assert (back.status_code, back.headers["location"]) == (303, "/auth/account/tokens")
    assert me["role"] == "author"
    assert urlsplit(there).path == "/authorize"


async def test_an_address_is_verified_only_where_the_provider_says_so_of_this_one(
    auth: Auth, acme: House, connected: Connected, provider: Provider
) -> None:
    other = f"{new_id().hex}@acme.example"

    def speaking_of_another(claims: dict[str, Any]) -> None:
        claims["email"] = other
        del claims["email_verified"]

    provider.person["preferred_username"] = other
    by_name = Connected(await connect(auth, acme, provider, email_claim="preferred_username"), connected.browser, acme)
    by_both = Connected(await connect(auth, acme, provider, userinfo=True), connected.browser, acme)

    of_another_claim = await refused(auth, by_name, await by_name.bring(provider.agree(await by_name.begin())))
    provider.claims = speaking_of_another
    of_another_answer = await refused(auth, by_both, await by_both.bring(provider.agree(await by_both.begin())))
    provider.claims = lambda claims: claims.pop("email_verified")
    of_this_one = await by_both.bring(provider.agree(await by_both.begin()))

    assert (of_another_claim, of_another_answer) == ("email_verified", "email_verified")
    assert (of_this_one.status_code, (await who(connected.browser))["me"]["role"]) == (303, "author")


async def test_methods_that_nothing_can_store_do_no_harm(connected: Connected, provider: Provider) -> None:
    provider.claims = lambda claims: claims.update(amr=["pwd\0", "\ud800", 7])
    back = await connected.bring(provider.agree(await connected.begin()))

    assert back.status_code == 303


async def test_whoever_only_says_that_they_test_it_is_not_sent_to_the_provider_and_is_in_the_audit_log(auth: Auth, connected: Connected) -> None:
    test = {"next": f"/admin/sign-on/{connected.connection.name}/test/{'A' * 43}"}
    answer = await connected.browser.get(f"{connected.path}/login", params=test)

    assert await refused(auth, connected, answer) == "rehearsal_known"


async def test_who_is_likely_to_come_is_told_to_the_provider(connected: Connected) -> None:
    hinted, plain = await connected.begin(login_hint="ada@acme.example"), await connected.begin()
    there = {name: parse_qs(urlsplit(address).query).get("login_hint") for name, address in (("hinted", hinted), ("plain", plain))}

    assert there == {"hinted": ["ada@acme.example"], "plain": None}


async def test_new_keys_are_fetched_once_when_they_are_met_and_old_ones_go(auth: Auth, connected: Connected, provider: Provider) -> None:
    assert (await connected.bring(provider.agree(await connected.begin()))).status_code == 303
    module = auth.parts.modules["oidc"]
    discovery = module._discovery  # type: ignore[attr-defined]
    metadata = await discovery.metadata(provider.issuer)
    await discovery.key(metadata, "one")
    before = provider.asked.count("/jwks")
    provider.keys["two"] = ECKey.generate_key("P-256", {"kid": "two"})
    try:
        early = await discovery.key(metadata, "two")
        discovery._clock = lambda: time.monotonic() + 31
        found, again = await discovery.key(metadata, "two"), await discovery.key(metadata, "three")
    finally:
        del provider.keys["two"]
        discovery._clock = time.monotonic

    assert early is None
    assert found is not None
    assert again is None
    assert provider.asked.count("/jwks") == before + 1


async def test_the_provider_says_that_somebody_signed_out_and_their_session_here_ends(auth: Auth, connected: Connected, provider: Provider) -> None:
    provider.claims = lambda claims: claims.update(sid="session-at-provider")
    assert (await connected.bring(provider.agree(await connected.begin()))).status_code == 303
    assert (await who(connected.browser))["me"] is not None
    address = f"/auth/oidc/{connected.connection.name}/backchannel"
    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    claims = {"iss": provider.issuer, "aud": CLIENT, "iat": int(time.time()), "exp": int(time.time()) + 60, "jti": "1", "sid": "session-at-provider"}

    def token(**changed: Any) -> str:
        return provider.signed({**claims, "events": event, **changed})

    wrong = [token(events={}), token(aud="other"), token(nonce="n"), token(sid=None), token(sid=1), token(jti=None), token(jti=""), "nonsense"]
    wrong += [token(jti="\ud800"), token(sid="a\0b"), token(sid="\ud800", sub="somebody")]
    refusals = [(await connected.browser.post(address, data={"logout_token": one})).status_code for one in wrong]
    still = (await who(connected.browser))["me"]
    heard = await connected.browser.post(address, data={"logout_token": token()})
    after = await connected.browser.get("/auth/account")

    assert refusals == [400] * len(wrong)
    assert still is not None
    assert heard.status_code == 200
    assert (after.status_code, after.headers["location"]) == (303, "/auth/login?next=/auth/account")


async def test_a_sign_out_whose_key_cannot_be_asked_for_is_refused_and_in_the_audit_log(auth: Auth, app: ASGIApp, acme: House) -> None:
    with openid.running() as provider:
        connection = await connect(auth, acme, provider)
        provider.answers["/jwks"] = (503, b"away", "text/plain")
        now = int(time.time())
        event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        token = provider.signed({"iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "events": event, "jti": "1", "sid": "s"})
        async with client_at(app, "acme.localhost") as browser:
            answer = await browser.post(f"/auth/oidc/{connection.name}/backchannel", data={"logout_token": token})
            noted = await last_refusal(auth, Connected(connection, browser, acme))

    assert (answer.status_code, noted["name"]) == (400, "token_key")


async def test_a_sign_out_that_could_not_be_done_is_done_when_it_comes_again(
    migrated: TenantSettings, auth: Auth, connected: Connected, provider: Provider
) -> None:
    session = new_id().hex
    provider.claims = lambda claims: claims.update(sid=session)
    await connected.bring(provider.agree(await connected.begin()))
    now = int(time.time())
    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    token = provider.signed(
        {"iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "events": event, "jti": new_id().hex, "sid": session}
    )

    async with running(replace(migrated, lock_seconds=1)) as impatient, client_at(impatient, "acme.localhost") as another:
        heard = partial(another.post, f"{connected.path}/backchannel", data={"logout_token": token})
        async with auth.parts.connections._database.writing(connected.house.tenant.place) as busy:
            await busy.fetch(HELD)
            first = await heard()
        second = await heard()

    assert (first.status_code, second.status_code) == (503, 200)
    assert (await connected.browser.get("/auth/account")).status_code == 303


async def test_a_provider_that_names_the_person_alone_ends_all_that_they_opened_through_it_once(
    app: ASGIApp, connected: Connected, provider: Provider
) -> None:
    address = f"/auth/oidc/{connected.connection.name}/backchannel"
    now = int(time.time())
    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    claims = {"iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "events": event, "jti": new_id().hex}
    token = provider.signed({**claims, "sub": provider.person["sub"]})
    stranger = provider.signed({**claims, "jti": new_id().hex, "sub": new_id().hex})
    async with client_at(app, "acme.localhost") as another:
        for browser in (connected.browser, another):
            visit = Connected(connected.connection, browser, connected.house)
            assert (await visit.bring(provider.agree(await visit.begin()))).status_code == 303
        unknown = await connected.browser.post(address, data={"logout_token": stranger})
        still = [(await who(browser))["me"] for browser in (connected.browser, another)]
        heard = await connected.browser.post(address, data={"logout_token": token})
        after = [(await browser.get("/auth/account")).status_code for browser in (connected.browser, another)]
        await connected.bring(provider.agree(await connected.begin()))
        replayed = await connected.browser.post(address, data={"logout_token": token})

    assert (unknown.status_code, heard.status_code, replayed.status_code) == (200, 200, 400)
    assert None not in still
    assert after == [303, 303]
    assert (await who(connected.browser))["me"] is not None


async def test_whoever_signs_out_here_goes_on_to_the_providers_sign_out(connected: Connected, provider: Provider) -> None:
    await connected.bring(provider.agree(await connected.begin()))
    form = form_of(await connected.browser.get("/auth/logout"))

    page = await connected.browser.post("/auth/logout", data={"form": form}, headers={"Origin": "http://acme.localhost:8000"})

    assert f'content="0; url={provider.issuer}/end?client_id={CLIENT}&amp;post_logout_redirect_uri=' in page.text
    assert (await who(connected.browser))["me"] is None
