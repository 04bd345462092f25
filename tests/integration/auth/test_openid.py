"""Signing in at OpenID providers, honest ones and others."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey
from litestar.types import ASGIApp

from auth.oidc.module import OidcModule
from auth.oidc.settings import OidcSettings
from auth.service import Auth
from auth.sso.connections import Connection
from auth.sso.fetching import Fetcher, NotFetched
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.auth.arriving import own
from tests.integration.auth.conftest import client_at, who
from tests.integration.conftest import House
from tests.peers import openid
from tests.peers.openid import CLIENT, SECRET, Provider

LAST = statement(
    "SELECT details ->> 'name' AS name, details ->> 'expected' AS expected, details ->> 'found' AS found, trace FROM __tenant__.sign_in_events "
    "WHERE action = 'SignInRefused' AND connection_id = :id ORDER BY at DESC, id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Connected:
    """`person` has an address in the organization's domain."""

    connection: Connection
    browser: httpx.AsyncClient
    house: House

    async def begin(self, **query: str) -> str:
        """The address at the provider."""
        answer = await self.browser.get(f"/auth/oidc/{self.connection.name}/login", params=query)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def bring(self, answer: dict[str, Any], browser: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (browser or self.browser).get(f"/auth/oidc/{self.connection.name}/callback", params=answer)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with openid.running() as running:
        yield running


@pytest.fixture(scope="module")
def another() -> Iterator[Provider]:
    with openid.running() as running:
        yield running


@pytest.fixture
async def connected(auth: Auth, app: ASGIApp, acme: House, provider: Provider) -> AsyncIterator[Connected]:
    provider.honest()
    subject = new_id().hex
    provider.person = {"sub": subject, "email": f"{subject}@acme.example", "email_verified": True, "name": "Olga Penid", "groups": ["staff"]}
    connection = await connect(auth, acme, provider)
    async with client_at(app, "acme.localhost") as browser:
        yield Connected(connection, browser, acme)


async def connect(auth: Auth, house: House, provider: Provider, **settings: Any) -> Connection:
    module = auth.parts.modules["oidc"]
    given = {"issuer": provider.issuer, "client_id": CLIENT, **settings}
    settled, kept = await module.settle(given, {"client_secret": SECRET})
    connection = Connection(
        new_id(), f"o{new_id().hex}", "oidc", "Company", enabled=True, create_people=True, default_role="reader",
        settings=settled, secrets=kept, group_roles=(("staff", "author"),),
    )  # fmt: skip
    await auth.parts.connections.add(house.tenant, connection, Cause(new_id()))
    await own(auth, house.tenant, f"{house.tenant.slug}.example")
    return connection


async def refused(auth: Auth, connected: Connected, answer: httpx.Response) -> str:
    """The check that failed, as the audit log has it; the person's page shows its number and nothing else, and nobody is signed in."""
    assert answer.status_code == 401, (answer.status_code, answer.text)
    assert "imprint-dev=" not in str(answer.headers.get_list("set-cookie"))
    async with auth.parts.connections._database.reading(connected.house.tenant.place) as connection:
        row = await connection.fetchrow(LAST, id=connected.connection.id)
    assert row is not None
    assert row["trace"] in answer.text
    assert row["found"] not in answer.text or row["found"] in {"one", "it", "none"}
    return str(row["name"])


async def test_somebody_signs_in_at_the_provider_and_is_who_they_are_there(connected: Connected, provider: Provider) -> None:
    there = await connected.begin(next="/auth/account/tokens")
    back = await connected.bring(provider.agree(there))
    me = (await who(connected.browser))["me"]

    assert (back.status_code, back.headers["location"]) == (303, "/auth/account/tokens")
    assert me["role"] == "author"
    assert urlsplit(there).path == "/authorize"


async def test_methods_that_nothing_can_store_do_no_harm(connected: Connected, provider: Provider) -> None:
    provider.claims = lambda claims: claims.update(amr=["pwd\0", "\ud800", 7])
    back = await connected.bring(provider.agree(await connected.begin()))

    assert back.status_code == 303


async def test_who_is_likely_to_come_is_told_to_the_provider(connected: Connected) -> None:
    hinted, plain = await connected.begin(login_hint="ada@acme.example"), await connected.begin()
    there = {name: parse_qs(urlsplit(address).query).get("login_hint") for name, address in (("hinted", hinted), ("plain", plain))}

    assert there == {"hinted": ["ada@acme.example"], "plain": None}


def _hs256(provider: Provider) -> None:
    provider.key, provider.algorithm = provider.keys["one"].as_pem(private=False), "HS256"


def _adding(more: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    return lambda said: said.update(more)


def _with_own_key(provider: Provider, **header: str) -> None:
    own_key = RSAKey.generate_key(2048)
    provider.key = own_key
    provider.header = _adding(dict[str, Any](header) or {"jwk": own_key.as_dict(private=False)})


def _elsewhere(provider: Provider) -> None:
    del provider.person["email"]
    provider.userinfo = lambda said: said.update(sub="somebody-else", email="owner@acme.example", email_verified=True)


Forge = Any
FORGERIES: dict[str, tuple[str, Forge]] = {
    "another issuer": ("token_issuer", lambda p: setattr(p, "claims", lambda c: c.update(iss="http://127.0.0.1:1"))),
    "another audience": ("token_audience", lambda p: setattr(p, "claims", lambda c: c.update(aud="somebody"))),
    "a list without azp": ("token_authorized_party", lambda p: setattr(p, "claims", lambda c: c.update(aud=[CLIENT, "other"]))),
    "a list with another azp": ("token_authorized_party", lambda p: setattr(p, "claims", lambda c: c.update(aud=[CLIENT, "other"], azp="other"))),
    "expired": ("token_expires", lambda p: setattr(p, "claims", lambda c: c.update(exp=time.time() - 120))),
    "no expiry": ("token_expires", lambda p: setattr(p, "claims", lambda c: c.pop("exp"))),
    "issued in the future": ("token_issued", lambda p: setattr(p, "claims", lambda c: c.update(iat=time.time() + 600))),
    "issued long ago": ("token_issued", lambda p: setattr(p, "claims", lambda c: c.update(iat=time.time() - 100_000))),
    "nonce swapped": ("token_nonce", lambda p: setattr(p, "claims", lambda c: c.update(nonce="another"))),
    "no nonce": ("token_nonce", lambda p: setattr(p, "claims", lambda c: c.pop("nonce"))),
    "a subject that no row takes": ("token_subject", lambda p: setattr(p, "claims", lambda c: c.update(sub="\ud800"))),
    "verified by a list": ("email_verified", lambda p: p.person.update(email_verified=["true"])),
    "no subject": ("token_subject", lambda p: setattr(p, "claims", lambda c: c.pop("sub"))),
    "another access token": ("access_token", lambda p: setattr(p, "claims", lambda c: c.update(at_hash="AAAA"))),
    "alg none": ("token_algorithm", lambda p: setattr(p, "algorithm", "none")),
    "HS256 with the public key": ("token_algorithm", _hs256),
    "unknown kid": ("token_key", lambda p: setattr(p, "header", lambda h: h.update(kid="nobody"))),
    "another key": ("token_signature", lambda p: setattr(p, "key", RSAKey.generate_key(2048))),
    "a key in the header": ("token_signature", _with_own_key),
    "a key's address in the header": ("token_signature", lambda p: _with_own_key(p, jku="http://127.0.0.1:1/keys")),
    "a certificate's address in the header": ("token_signature", lambda p: _with_own_key(p, x5u="http://127.0.0.1:1/certificate")),
    "critical header": ("token_extensions", lambda p: setattr(p, "header", lambda h: h.update(crit=["b64"], b64=True))),
    "userinfo of somebody else": ("userinfo_subject", _elsewhere),
    "e-mail not verified": ("email_verified", lambda p: p.person.update(email_verified=False)),
    "foreign domain": ("email_domain", lambda p: p.person.update(email="olga@elsewhere.example")),
    "PKCE verifier of another sign-in": ("code_exchange", lambda p: [began.update(code_challenge="A" * 43) for began in p.codes.values()]),
    "redirect address swapped": ("code_exchange", lambda p: [began.update(redirect_uri="http://127.0.0.1:1/") for began in p.codes.values()]),
    "token endpoint redirects": ("code_exchange", lambda p: p.answers.update({"/token": (302, b"", "text/plain")})),
    "token endpoint fails": ("code_exchange", lambda p: p.answers.update({"/token": (500, b"oops", "text/plain")})),
    "no id token": ("code_exchange", lambda p: p.answers.update({"/token": (200, b"{}", "application/json")})),
    "no token at all": ("token_form", lambda p: p.answers.update({"/token": (200, b'{"id_token": "x.y"}', "application/json")})),
}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_token_that_is_not_right_signs_nobody_in(auth: Auth, connected: Connected, provider: Provider, kind: str) -> None:
    expected, forge = FORGERIES[kind]
    there = await connected.begin()
    answer = provider.agree(there)
    forge(provider)

    assert await refused(auth, connected, await connected.bring(answer)) == expected


async def test_a_tampered_token_signs_nobody_in(auth: Auth, connected: Connected, provider: Provider) -> None:
    there = await connected.begin()
    answer = provider.agree(there)
    head, body, signature = provider.id_token(provider.codes[answer["code"]]["nonce"]).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | {"sub": "owner"}
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    provider.answers["/token"] = (200, json.dumps({"id_token": f"{head}.{changed}.{signature}"}).encode(), "application/json")

    assert await refused(auth, connected, await connected.bring(answer)) == "token_signature"


ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "no state": ("oidc_known", {"state": None}),
    "another state": ("oidc_known", {"state": "A" * 43}),
    "a long state": ("oidc_known", {"state": "A" * 500}),
    "another issuer": ("answer_issuer", {"iss": "http://127.0.0.1:1"}),
    "no issuer": ("answer_issuer", {"iss": None}),
    "no code": ("code", {"code": None}),
    "another code": ("code_exchange", {"code": "nonsense"}),
    "an error": ("provider_agrees", {"error": "access_denied", "code": None}),
    "an error that no row takes": ("provider_agrees", {"error": "a\0b", "code": None}),
    "state twice": ("answer_form", {"state": ["a", "b"]}),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_answer_that_is_not_right_signs_nobody_in(auth: Auth, connected: Connected, provider: Provider, kind: str) -> None:
    expected, changed = ANSWERS[kind]
    answer = {name: value for name, value in {**provider.agree(await connected.begin()), **changed}.items() if value is not None}

    assert await refused(auth, connected, await connected.bring(answer)) == expected


async def test_a_state_works_once_in_its_browser_and_at_its_connection(
    auth: Auth, app: ASGIApp, connected: Connected, provider: Provider, acme: House
) -> None:
    other = replace(connected, connection=await connect(auth, acme, provider))
    async with client_at(app, "acme.localhost") as stranger:
        stolen = provider.agree(await connected.begin())
        assert await refused(auth, connected, await connected.bring(stolen, stranger)) == "oidc_browser"
    swapped = provider.agree(await connected.begin())
    assert await refused(auth, other, await other.bring(swapped)) == "state_connection"
    good = provider.agree(await connected.begin())
    assert (await connected.bring(good)).status_code == 303
    assert await refused(auth, connected, await connected.bring(good)) == "oidc_known"


async def test_a_code_is_good_once(auth: Auth, app: ASGIApp, connected: Connected, provider: Provider) -> None:
    async with client_at(app, "acme.localhost") as browser:
        first = replace(connected, browser=browser)
        used = provider.agree(await first.begin())
        assert (await first.bring(used)).status_code == 303
    again = provider.agree(await connected.begin())

    assert await refused(auth, connected, await connected.bring({**again, "code": used["code"]})) == "code_exchange"


async def test_an_answer_of_one_provider_is_not_taken_for_anothers(
    auth: Auth, connected: Connected, provider: Provider, another: Provider, acme: House
) -> None:
    """The mix-up of RFC 9207: the honest provider's code would go to the other one."""
    mixed = replace(connected, connection=await connect(auth, acme, another))
    there = await mixed.begin()
    answer = provider.agree(there)

    assert await refused(auth, mixed, await mixed.bring(answer)) == "answer_issuer"
    assert "/token" not in another.asked


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

    wrong = [token(events={}), token(aud="other"), token(nonce="n"), token(sid=None), "nonsense"]
    refusals = [(await connected.browser.post(address, data={"logout_token": one})).status_code for one in wrong]
    still = (await who(connected.browser))["me"]
    heard = await connected.browser.post(address, data={"logout_token": token()})
    after = await connected.browser.get("/auth/account")

    assert refusals == [400] * len(wrong)
    assert still is not None
    assert heard.status_code == 200
    assert (after.status_code, after.headers["location"]) == (303, "/auth/login?next=/auth/account")


def becoming(connection: Connection) -> Callable[[Connection], Connection]:
    return lambda _: connection


async def test_whoever_signs_out_here_goes_on_to_the_providers_sign_out(connected: Connected, provider: Provider) -> None:
    await connected.bring(provider.agree(await connected.begin()))
    form = form_of(await connected.browser.get("/auth/logout"))

    page = await connected.browser.post("/auth/logout", data={"form": form}, headers={"Origin": "http://acme.localhost:8000"})

    assert f'content="0; url={provider.issuer}/end?client_id={CLIENT}&amp;post_logout_redirect_uri=' in page.text
    assert (await who(connected.browser))["me"] is None


async def test_a_client_proves_itself_in_the_body_or_with_a_key(
    auth: Auth, app: ASGIApp, connected: Connected, provider: Provider, acme: House
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "mine"})
    module = auth.parts.modules["oidc"]
    ways: dict[str, dict[str, str]] = {
        "client_secret_post": {"client_secret": SECRET},
        "private_key_jwt": {"private_key": json.dumps(key.as_dict(private=True))},
    }
    for way, secrets in ways.items():
        connection = await connect(auth, acme, provider)
        settled, kept = await module.settle({**connection.settings, "authentication": way}, secrets)
        changed = replace(connection, settings=settled, secrets=kept)
        await auth.parts.connections.change(acme.tenant, connection.name, becoming(changed), Cause(new_id()))
        there = replace(connected, connection=connection)
        assert (await there.bring(provider.agree(await there.begin()))).status_code == 303, way


async def test_a_secret_goes_the_way_that_the_providers_configuration_takes(auth: Auth, provider: Provider) -> None:
    known = auth.parts.modules["oidc"]
    assert isinstance(known, OidcModule)
    basic, post = "client_secret_basic", "client_secret_post"
    for taken, said, expected in (
        ([post, "private_key_jwt"], {}, post),
        ([post, basic], {}, basic),
        (None, {}, basic),
        ("nonsense", {}, basic),
        ([post], {"authentication": basic}, basic),
    ):
        provider.honest()
        provider.metadata = lambda document, taken=taken: document.update({"token_endpoint_auth_methods_supported": taken} if taken else {})  # type: ignore[misc]
        module = OidcModule(known._addresses, known._fetcher)  # which remembers nothing of the provider

        settled, _ = await module.settle({"issuer": provider.issuer, "client_id": CLIENT, **said}, {"client_secret": SECRET})

        assert settled["authentication"] == expected, taken


async def test_a_provider_that_cannot_be_used_is_refused_when_it_is_set_up(auth: Auth, provider: Provider) -> None:
    module = auth.parts.modules["oidc"]
    provider.honest()
    found: list[str] = []
    for given in (
        {"issuer": provider.issuer + "/elsewhere", "client_id": CLIENT},
        {"issuer": "http://127.0.0.1:1", "client_id": CLIENT},
        {"issuer": "ftp://provider.example", "client_id": CLIENT},
        {"issuer": provider.issuer, "client_id": "", "scopes": "email", "shoe": "42"},
        {"preset": "entra", "issuer": "https://login.microsoftonline.com/common/v2.0", "client_id": CLIENT},
    ):
        with pytest.raises(ValidationFailed) as caught:
            await module.settle(given, {"client_secret": SECRET})
        found.append(",".join(sorted(caught.value.fields)))

    assert found == ["issuer", "issuer", "issuer", "client_id,scopes,shoe", "issuer"]


async def test_a_configuration_that_names_another_issuer_is_not_that_of_the_one_who_was_asked(auth: Auth, provider: Provider) -> None:
    """OpenID Connect Discovery 1.0, 4.3."""
    provider.honest()
    provider.metadata = lambda document: document.update(issuer="https://honest.example")
    module = OidcModule(auth.parts.addresses, Fetcher(dev=True))

    with pytest.raises(ValidationFailed) as caught:
        await module.settle({"issuer": provider.issuer, "client_id": CLIENT}, {"client_secret": SECRET})

    assert "https://honest.example" in str(caught.value.fields["issuer"])
    provider.honest()


async def test_a_private_network_is_not_reached_but_in_development() -> None:
    async def inside(_host: str, _port: int) -> list[str]:
        return ["10.0.0.1"]

    production = Fetcher(dev=False, resolve=inside)
    for url in ("https://provider.example/", "https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "http://provider.example/"):
        # Not that nobody answers there: nobody is asked.
        with pytest.raises(NotFetched, match=r"inside of a private network|has to begin with https"):
            await production.get(url)


def test_presets_are_settings_that_can_be_used() -> None:
    entra, _ = OidcSettings.settle(
        {"preset": "entra", "issuer": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "client_id": "x"},
        {"client_secret": "s"},
    )
    google, _ = OidcSettings.settle({"preset": "google", "client_id": "x"}, {"client_secret": "s"})

    assert entra["email_trusted"] is True
    assert google["issuer"] == "https://accounts.google.com"
