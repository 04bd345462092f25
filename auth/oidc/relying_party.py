"""A sign-in at an OpenID provider: where the browser is sent, and what is made of what it brings back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, import_key

from auth.identities import ExternalIdentity
from auth.oidc import id_tokens
from auth.oidc.discovery import Discovery, Metadata
from auth.oidc.settings import OidcSettings
from auth.opaque import new_opaque
from auth.server.codes import challenge_of
from auth.sso.checks import AS_EXPECTED, NOTHING, Checks, refused, storable, words_of
from auth.sso.connections import Connection
from auth.sso.fetching import Fetched, Fetcher, NotFetched, basic
from tenants.sentences import as_sentence, sentence

LONGEST_ANSWER = 4096
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Begun:
    """What has to be remembered of a sign-in until the browser comes back. `anew`: the provider has to ask the person again."""

    nonce: str
    verifier: str
    anew: bool = False

    @classmethod
    def new(cls, *, anew: bool = False) -> Begun:
        return cls(new_opaque(), new_opaque() + new_opaque(), anew)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`redirect_uri`: where the provider sends the browser back, at the organization's address."""

    connection: Connection
    settings: OidcSettings
    redirect_uri: str
    discovery: Discovery
    fetcher: Fetcher

    async def address(self, begun: Begun, state: str, hint: str = "") -> str:
        """Where the browser goes; `hint`: who is likely to come. Raises SignInRefused where the provider cannot be asked."""
        metadata = await self._metadata(Checks())
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.settings.scopes,
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": challenge_of(begun.verifier),
            "code_challenge_method": "S256",
            **({"login_hint": hint} if hint else {}),
            **({"prompt": "login", "max_age": "0"} if begun.anew else {}),
        }
        there = metadata.authorization_endpoint
        return f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(query)}"

    async def identity(self, answer: Mapping[str, str], begun: Begun, checks: Checks) -> ExternalIdentity:
        """Whom the provider vouches for. Raises SignInRefused at the first check that fails."""
        metadata = await self._metadata(checks)
        self._check_answer(answer, metadata, checks)
        tokens = await self._tokens(metadata, answer["code"], begun, checks)
        claims = await self._claims(metadata, tokens, begun, checks)
        more = await self._userinfo(metadata, tokens, claims, checks)
        return self._identity({**more, **claims}, claims, more)

    async def claims_of_logout(self, token: str, checks: Checks) -> dict[str, Any]:
        """What a logout token says (Back-Channel Logout 1.0, 2.6). Raises SignInRefused."""
        metadata = await self._metadata(checks)
        claims = await self._read(metadata, token, checks)
        id_tokens.check_claims(
            {**claims, "sub": claims.get("sub", claims.get("sid"))}, issuer=metadata.issuer, client_id=self.settings.client_id, checks=checks
        )
        events = claims.get("events")
        is_one = isinstance(events, dict) and isinstance(events.get("http://schemas.openid.net/event/backchannel-logout"), dict)
        checks.require("logout_event", "a token about a sign-out", AS_EXPECTED if is_one else "a token of another kind", when=is_one)
        checks.require(
            "logout_nonce", "no number of a sign-in (nonce)", "such a number" if "nonce" in claims else AS_EXPECTED, when="nonce" not in claims
        )
        session, number = claims.get("sid"), claims.get("jti")
        named = _is_name(session) if session is not None else claims.get("sub") is not None
        checks.require("logout_session", "the session that has ended, or whose", AS_EXPECTED if named else NOTHING, when=named)
        numbered = _is_name(number)
        checks.require("logout_number", "a number (jti)", AS_EXPECTED if numbered else NOTHING, when=numbered)
        return claims

    async def logout_address(self, back: str) -> str | None:
        """Where somebody who signed out here signs out there, too (RP-Initiated Logout 1.0); None where the provider has no such address."""
        try:
            there = (await self.discovery.metadata(self.settings.issuer)).end_session_endpoint
        except NotFetched:
            return None
        query = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": back})
        return f"{there}{'&' if urlsplit(there).query else '?'}{query}" if there else None

    async def _metadata(self, checks: Checks) -> Metadata:
        expected = sentence("the configuration of {issuer}", issuer=self.settings.issuer)
        try:
            metadata = await self.discovery.metadata(self.settings.issuer)
        except NotFetched as why:
            raise refused("provider_configuration", expected, words_of(why)) from None
        checks.require("provider_configuration", expected, AS_EXPECTED, when=True)
        return metadata

    def _check_answer(self, answer: Mapping[str, str], metadata: Metadata, checks: Checks) -> None:
        issuer = answer.get("iss")
        right = issuer == metadata.issuer or (issuer is None and not metadata.says_issuer)
        wanted = metadata.issuer if metadata.says_issuer else sentence("{name}, or nothing", name=metadata.issuer)
        checks.require("answer_issuer", wanted, NOTHING if issuer is None else issuer[:200], when=right)
        error = answer.get("error")
        said = f"{error[:60]}: {answer.get('error_description', '')[:160]}" if error else AS_EXPECTED
        checks.require("provider_agrees", "no error", said, when=error is None)
        code = answer.get("code", "")
        checks.require("code", "a code, which is exchanged for tokens", AS_EXPECTED if code else NOTHING, when=0 < len(code) <= LONGEST_ANSWER)

    async def _tokens(self, metadata: Metadata, code: str, begun: Begun, checks: Checks) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri, "code_verifier": begun.verifier}
        expected = as_sentence("tokens for the code")
        try:
            answer = await self._posted(metadata.token_endpoint, form)
            document = answer.document()
        except NotFetched as why:
            raise refused("code_exchange", expected, words_of(why)) from None
        good = answer.status == 200 and isinstance(document.get("id_token"), str)  # noqa: PLR2004 - OK
        error, why_not = str(document.get("error", ""))[:60], str(document.get("error_description", ""))[:120]
        problem = sentence("status {status}: {error} {why}", status=answer.status, error=error or as_sentence("no ID token"), why=why_not)
        checks.require("code_exchange", expected, AS_EXPECTED if good else problem, when=good)
        return document

    async def _posted(self, endpoint: str, form: dict[str, str]) -> Fetched:
        headers: dict[str, str] = {}
        secrets, way = self.connection.secrets, self.settings.authentication
        if way == "client_secret_basic":
            headers["Authorization"] = basic(self.settings.client_id, secrets["client_secret"])
        else:
            form = {**form, "client_id": self.settings.client_id}
        if way == "client_secret_post":
            form["client_secret"] = secrets["client_secret"]
        if way == "private_key_jwt":
            form |= {"client_assertion_type": _ASSERTION, "client_assertion": self._assertion(endpoint, secrets["private_key"])}
        return await self.fetcher.post(endpoint, form, headers)

    def _assertion(self, endpoint: str, private_key: str) -> str:
        """RFC 7523, 2.2."""
        key = import_key(json.loads(private_key))
        now = int(time.time())
        claims = {"iss": self.settings.client_id, "sub": self.settings.client_id, "aud": endpoint, "jti": new_opaque(), "iat": now, "exp": now + 60}
        kid = key.as_dict().get("kid")
        algorithm = {"RSA": "RS256", "OKP": "EdDSA"}.get(key.key_type, "ES256")
        return jwt.encode({"alg": algorithm, **({"kid": kid} if kid else {})}, claims, KeySet([key]) if kid else key, algorithms=[algorithm])

    async def _claims(self, metadata: Metadata, tokens: dict[str, Any], begun: Begun, checks: Checks) -> dict[str, Any]:
        token: str = tokens["id_token"]
        claims = await self._read(metadata, token, checks)
        id_tokens.check_claims(claims, issuer=metadata.issuer, client_id=self.settings.client_id, checks=checks)
        id_tokens.check_nonce(claims, begun.nonce, checks)
        if begun.anew:
            id_tokens.check_authenticated(claims, checks, says=metadata.says_auth_time)
        id_tokens.check_access_token(claims, token, tokens.get("access_token"), checks)
        return claims

    async def _read(self, metadata: Metadata, token: str, checks: Checks) -> dict[str, Any]:
        try:
            return await id_tokens.read(token, lambda kid: self.discovery.key(metadata, kid), checks)
        except NotFetched as why:
            raise refused("token_key", "a key that the provider publishes", words_of(why)) from None

    async def _userinfo(self, metadata: Metadata, tokens: dict[str, Any], claims: dict[str, Any], checks: Checks) -> dict[str, Any]:
        """Core, 5.3.2: what it says counts only for the subject of the ID token."""
        if not self.settings.userinfo and self.settings.email_claim in claims:
            return {}
        if metadata.userinfo_endpoint is None or not isinstance(tokens.get("access_token"), str):
            return {}
        try:
            answer = await self.fetcher.get(metadata.userinfo_endpoint, {"Authorization": f"Bearer {tokens['access_token']}"})
            document = answer.document()
        except NotFetched as why:
            raise refused("userinfo", "what the provider says of the person", words_of(why)) from None
        same = answer.status == 200 and document.get("sub") == claims["sub"]  # noqa: PLR2004 - OK
        checks.require("userinfo_subject", "the person of the ID token", AS_EXPECTED if same else "somebody else", when=same)
        return document

    def _identity(self, said: Mapping[str, Any], *answers: Mapping[str, Any]) -> ExternalIdentity:
        """`said`: what all `answers` say together."""
        settings = self.settings
        email = _text(said, settings.email_claim)
        groups = said.get(settings.groups_claim)
        names = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        amr = said.get("amr")
        return ExternalIdentity(
            self.connection.id,
            said["sub"],
            email,
            settings.email_trusted or any(_verified(answer, email) for answer in answers),
            _text(said, settings.username_claim),
            _text(said, settings.name_claim),
            tuple(storable(str(name))[:200] for name in names[:1000]),
            ("oidc", *(storable(str(one))[:20] for one in amr[:10])) if isinstance(amr, list) else ("oidc",),
            _text(said, "sid"),
        )


def _is_name(value: object) -> bool:
    """Whether something goes by it, as `check_claims` takes a subject."""
    return isinstance(value, str) and bool(value) and value.isprintable()


def _verified(answer: Mapping[str, Any], email: str | None) -> bool:
    """`email_verified` speaks of the claim `email` beside it (Core, 5.1), and of no other that an address is taken from."""
    return email is not None and _text(answer, "email") == email and answer.get("email_verified") in (True, "true")


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return storable(value)[:320] or None if isinstance(value, str) else None
