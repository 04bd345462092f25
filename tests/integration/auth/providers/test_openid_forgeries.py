"""OpenID providers and browsers that say what is not so."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from litestar.types import ASGIApp

from auth.service import Auth
from tests.integration.auth.conftest import client_at
from tests.integration.auth.providers.connecting import ANSWERS, Connected, connect, refused
from tests.integration.conftest import House
from tests.peers import openid
from tests.peers.openid import CLIENT, Provider


@pytest.fixture(scope="module")
def another() -> Iterator[Provider]:
    with openid.running() as running:
        yield running


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
    head, body, signature = provider.id_token(provider.codes[answer["code"]]).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | {"sub": "owner"}
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    provider.answers["/token"] = (200, json.dumps({"id_token": f"{head}.{changed}.{signature}"}).encode(), "application/json")

    assert await refused(auth, connected, await connected.bring(answer)) == "token_signature"


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
