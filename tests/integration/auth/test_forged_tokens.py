"""Tokens that somebody made or bent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from auth.service import Auth
from tests.integration.auth.conftest import NewPerson, token_pair
from tests.integration.auth.tokens_apart import encoded, part, token_refused
from tests.integration.conftest import House


class TestForgedTokens:
    """Each starts from a token that is good, and changes one thing."""

    @pytest.fixture
    async def token(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> str:
        token: str = (await token_pair(at_acme, await new_person(acme)))["access_token"]
        assert not await token_refused(at_acme, token)
        return token

    async def _signed(self, auth: Auth, header: dict[str, Any], claims: dict[str, Any]) -> str:
        signer = await auth.parts.keys.signer()
        return jwt.encode({"alg": "ES256", "kid": signer.kid, **header}, claims, signer.key, algorithms=["ES256"], default_type=None)

    async def test_the_same_claims_signed_again_are_accepted_so_that_the_others_fail_for_their_one_reason(
        self, token: str, at_acme: httpx.AsyncClient, auth: Auth
    ) -> None:
        assert not await token_refused(at_acme, await self._signed(auth, {"typ": "at+jwt"}, part(token, 1)))

    async def test_tampered_claims(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header, _, signature = token.split(".")
        claims = part(token, 1) | {"role": "owner"}
        assert await token_refused(at_acme, f"{header}.{encoded(claims)}.{signature}")

    async def test_tampered_signature(self, token: str, at_acme: httpx.AsyncClient) -> None:
        assert await token_refused(at_acme, token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB"))

    async def test_no_algorithm(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header = part(token, 0) | {"alg": "none"}
        assert await token_refused(at_acme, f"{encoded(header)}.{token.split('.')[1]}.")

    async def test_hmac_with_the_public_key(self, token: str, at_acme: httpx.AsyncClient) -> None:
        keys = (await at_acme.get("/.well-known/jwks.json")).json()["keys"]
        kid = part(token, 0)["kid"]
        public = ECKey.import_key(next(key for key in keys if key["kid"] == kid)).as_pem(private=False)
        unsigned = f"{encoded(part(token, 0) | {'alg': 'HS256'})}.{token.split('.')[1]}"
        mac = hmac.digest(public, unsigned.encode(), hashlib.sha256)
        assert await token_refused(at_acme, f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")

    async def test_another_elliptic_curve(self, token: str, at_acme: httpx.AsyncClient) -> None:
        key = ECKey.generate_key("P-384")
        forged = jwt.encode({"alg": "ES384", "typ": "at+jwt", "kid": part(token, 0)["kid"]}, part(token, 1), key, algorithms=["ES384"])
        assert await token_refused(at_acme, forged)

    async def test_a_key_of_somebody_else(self, token: str, at_acme: httpx.AsyncClient) -> None:
        key = ECKey.generate_key("P-256")
        for kid in (part(token, 0)["kid"], key.thumbprint()):
            assert await token_refused(at_acme, jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": kid}, part(token, 1), key, algorithms=["ES256"]))

    @pytest.mark.parametrize("typ", ["JWT", "id+jwt", "AT+JWT", "", None])
    async def test_another_type(self, token: str, at_acme: httpx.AsyncClient, auth: Auth, typ: str | None) -> None:
        header = {} if typ is None else {"typ": typ}
        assert await token_refused(at_acme, await self._signed(auth, header, part(token, 1)))

    async def test_an_unknown_critical_extension(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header = part(token, 0) | {"crit": ["imprint"], "imprint": True}
        assert await token_refused(at_acme, f"{encoded(header)}.{token.split('.', 1)[1]}")

    async def test_a_key_location_in_the_header(self, token: str, at_acme: httpx.AsyncClient, auth: Auth) -> None:
        header = {"typ": "at+jwt", "jku": "https://elsewhere.example/keys"}
        assert await token_refused(at_acme, await self._signed(auth, header, part(token, 1)))

    async def test_an_oversized_header(self, token: str, at_acme: httpx.AsyncClient) -> None:
        header = part(token, 0) | {"kid": "k" * 2000}
        assert await token_refused(at_acme, f"{encoded(header)}.{token.split('.', 1)[1]}")

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
        claims = {name: value for name, value in (part(token, 1) | change).items() if value is not None}
        assert await token_refused(at_acme, await self._signed(auth, {"typ": "at+jwt"}, claims))
