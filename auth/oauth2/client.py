"""A sign-in at an OAuth 2 provider: where the browser is sent, and whom the provider's user API then names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from auth.identities import ExternalIdentity
from auth.oauth2.settings import OAuth2Settings
from auth.server.codes import challenge_of
from auth.sso.checks import AS_EXPECTED, NOTHING, Checks, refused, storable, words_of
from auth.sso.connections import Connection
from auth.sso.fetching import Fetched, Fetcher, NotFetched, basic
from tenants.sentences import as_sentence, sentence

LONGEST_ANSWER = 4096
LONGEST_TEXT = 320
MOST_ADDRESSES = 100
MOST_GROUPS = 1000
OK = 200


@dataclass(frozen=True, slots=True)
class Client:
    """`redirect_uri`: this connection's own, so that no other provider's answer arrives at it (RFC 9700, 4.4.2.2)."""

    connection: Connection
    settings: OAuth2Settings
    redirect_uri: str
    fetcher: Fetcher

    def address(self, verifier: str, state: str) -> str:
        """Where the browser goes."""
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_uri,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        if self.settings.scopes:
            query["scope"] = self.settings.scopes
        there = self.settings.authorize_url
        return f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(query)}"

    async def identity(self, answer: Mapping[str, str], verifier: str, checks: Checks) -> ExternalIdentity:
        """Whom the provider vouches for. Raises SignInRefused at the first check that fails."""
        error = answer.get("error")
        said = f"{error[:60]}: {answer.get('error_description', '')[:160]}" if error else AS_EXPECTED
        checks.require("provider_agrees", "no error", said, when=error is None)
        code = answer.get("code", "")
        checks.require("code", "a code, which is exchanged for tokens", AS_EXPECTED if code else NOTHING, when=0 < len(code) <= LONGEST_ANSWER)
        token = await self._access_token(code, verifier, checks)
        person = await self._person(token, checks)
        subject = person.get(self.settings.id_field)
        stable = (isinstance(subject, int) and not isinstance(subject, bool)) or (
            isinstance(subject, str) and bool(subject) and subject.isprintable()
        )
        checks.require(
            "user_id", sentence("the person's id in {field}", field=self.settings.id_field), AS_EXPECTED if stable else NOTHING, when=stable
        )
        email, verified = await self._email(token, person, checks)
        return self._identity(person, str(subject), email, verified=verified)

    async def _access_token(self, code: str, verifier: str, checks: Checks) -> str:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri, "code_verifier": verifier}
        headers: dict[str, str] = {}
        way, secret = self.settings.authentication, self.connection.secrets.get("client_secret", "")
        if way == "client_secret_basic":
            headers["Authorization"] = basic(self.settings.client_id, secret)
        else:
            form["client_id"] = self.settings.client_id
        if way == "client_secret_post":
            form["client_secret"] = secret
        expected = as_sentence("an access token for the code")
        try:
            answer = await self.fetcher.post(self.settings.token_url, form, headers)
            document = answer.document()
        except NotFetched as why:
            raise refused("code_exchange", expected, words_of(why)) from None
        token, kind = document.get("access_token"), document.get("token_type", "bearer")
        # Some providers answer a wrong code with 200 and an error in it.
        good = answer.status == OK and "error" not in document and _is_header_value(token) and str(kind).lower() == "bearer"
        problem = f"{answer.status}: {str(document.get('error', 'no bearer token'))[:60]} {str(document.get('error_description', ''))[:120]}"
        checks.require("code_exchange", expected, AS_EXPECTED if good else problem, when=good)
        return str(token)

    async def _person(self, token: str, checks: Checks) -> dict[str, Any]:
        expected = as_sentence("what the provider's user API says of the person")
        try:
            answer = await self._asked(self.settings.userinfo_url, token)
            person = answer.document()
        except NotFetched as why:
            raise refused("user_api", expected, words_of(why)) from None
        checks.require("user_api", expected, sentence("status {status}", status=answer.status), when=answer.status == OK)
        return person

    async def _email(self, token: str, person: Mapping[str, Any], checks: Checks) -> tuple[str | None, bool]:
        """An address, and whether the provider has verified it; of several the one that it calls primary."""
        settings = self.settings
        if not settings.emails_url:
            return _text(person, settings.email_field), person.get(settings.email_verified_field) is True
        expected = as_sentence("a list of the person's addresses")
        try:
            answer = await self._asked(settings.emails_url, token)
            listed = json.loads(answer.body)
        except NotFetched as why:
            raise refused("user_addresses", expected, words_of(why)) from None
        except (ValueError, RecursionError):
            raise refused("user_addresses", expected, "an answer that is no JSON") from None
        good = answer.status == OK and isinstance(listed, list)
        checks.require("user_addresses", expected, AS_EXPECTED if good else sentence("status {status}", status=answer.status), when=good)
        verified = [one for one in listed[:MOST_ADDRESSES] if isinstance(one, dict) and one.get("verified") is True and _text(one, "email")]
        verified.sort(key=lambda one: one.get("primary") is not True)
        return (_text(verified[0], "email"), True) if verified else (None, False)

    async def _asked(self, url: str, token: str) -> Fetched:
        return await self.fetcher.get(url, {"Authorization": f"Bearer {token}"})

    def _identity(self, person: Mapping[str, Any], subject: str, email: str | None, *, verified: bool) -> ExternalIdentity:
        settings = self.settings
        groups = person.get(settings.groups_field)
        names = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return ExternalIdentity(
            self.connection.id,
            subject,
            email,
            verified,
            _text(person, settings.username_field),
            _text(person, settings.name_field),
            tuple(storable(str(name))[:200] for name in names[:MOST_GROUPS]),
            ("oauth2",),
        )


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return storable(value)[:LONGEST_TEXT] or None if isinstance(value, str) else None


def _is_header_value(token: object) -> bool:
    return isinstance(token, str) and 0 < len(token) <= LONGEST_ANSWER and token.isascii() and token.isprintable() and " " not in token
