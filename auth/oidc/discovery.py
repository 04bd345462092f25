"""What a provider says of itself (OpenID Connect Discovery 1.0) and its keys, remembered for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from auth.sso.fetching import Fetcher, NotFetched
from tenants.sentences import sentence

FRESH = 600.0
REFETCH_EVERY = 30.0
MOST_REMEMBERED = 1000
MOST_KEYS = 100
# RFC 8725, 3.1: asymmetric algorithms only, so that nothing published can sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


@dataclass(frozen=True, slots=True)
class Metadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    says_issuer: bool
    says_auth_time: bool = False
    """Whether its tokens can say when somebody was asked who they are."""
    authentications: tuple[str, ...] = ()
    """The ways in which clients may prove themselves at the token endpoint; empty where it does not say."""

    def secret_goes(self) -> str:
        """How a client's secret is sent: in the header unless the provider takes it in the body only (Discovery 1.0, 3)."""
        basic, post = "client_secret_basic", "client_secret_post"
        return post if post in self.authentications and basic not in self.authentications else basic


class Discovery:
    """Remembers by issuer, whichever organizations ask."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._metadata: OrderedDict[str, tuple[float, Metadata]] = OrderedDict()
        self._keys: OrderedDict[str, tuple[float, KeySet]] = OrderedDict()

    async def metadata(self, issuer: str) -> Metadata:
        """Raises NotFetched, also where it speaks for another issuer than the one that was asked for."""
        known = self._metadata.get(issuer)
        if known is not None and self._clock() < known[0] + FRESH:
            return known[1]
        answer = await self._fetcher.get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise NotFetched(sentence("{issuer} answers {status} for its configuration", issuer=issuer, status=answer.status))
        found = self._read(issuer, answer.document())
        _remember(self._metadata, issuer, (self._clock(), found))
        return found

    async def key(self, metadata: Metadata, kid: str | None) -> Key | None:
        """The key of this name; where it is not known, the provider is asked again, twice a minute at most. Raises NotFetched."""
        known = self._keys.get(metadata.jwks_uri)
        now = self._clock()
        if known is None or now >= known[0] + FRESH:
            known = await self._fetched(metadata.jwks_uri)
        found = _key_of(known[1], kid)
        if found is None and now >= known[0] + REFETCH_EVERY:
            found = _key_of((await self._fetched(metadata.jwks_uri))[1], kid)
        return found

    def _read(self, issuer: str, document: dict[str, Any]) -> Metadata:
        if document.get("issuer") != issuer:
            raise NotFetched(
                sentence("the configuration is of the issuer {other!r}, not of {issuer!r}", other=str(document.get("issuer"))[:200], issuer=issuer)
            )
        addresses: dict[str, str | None] = {}
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"):
            value = document.get(name)
            if value is not None and (not isinstance(value, str) or self._fetcher.objection(value)):
                raise NotFetched(sentence("{name} in its configuration is no address that can be used", name=name))
            addresses[name] = value
        return Metadata(
            issuer,
            _there(addresses, "authorization_endpoint"),
            _there(addresses, "token_endpoint"),
            _there(addresses, "jwks_uri"),
            addresses["userinfo_endpoint"],
            addresses["end_session_endpoint"],
            document.get("authorization_response_iss_parameter_supported") is True,
            "auth_time" in _listed(document, "claims_supported"),
            _listed(document, "token_endpoint_auth_methods_supported"),
        )

    async def _fetched(self, uri: str) -> tuple[float, KeySet]:
        answer = await self._fetcher.get(uri, {"Accept": "application/jwk-set+json, application/json"})
        keys = answer.document().get("keys")
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise NotFetched("the provider's key set holds no list of keys")
        usable = []
        for key in keys:
            if isinstance(key, dict) and key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use", "sig") == "sig":
                try:
                    usable.append(KeySet.import_key_set({"keys": [_public(key)]}).keys[0])
                except (JoseError, ValueError, TypeError, KeyError):
                    continue
        known = (self._clock(), KeySet(usable))
        _remember(self._keys, uri, known)
        return known


def _public(key: dict[str, Any]) -> dict[str, Any]:
    """Without what only its holder should have, should a provider publish it."""
    return {name: value for name, value in key.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "x5u", "x5c"}}


def _key_of(keys: KeySet, kid: str | None) -> Key | None:
    """Without a name only where there is no choice."""
    if kid is None:
        return keys.keys[0] if len(keys.keys) == 1 else None
    return next((key for key in keys.keys if key.as_dict().get("kid") == kid), None)


def _listed(document: dict[str, Any], name: str) -> tuple[str, ...]:
    found = document.get(name)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _there(addresses: dict[str, str | None], name: str) -> str:
    value = addresses[name]
    if value is None:
        raise NotFetched(sentence("its configuration names no {name}", name=name))
    return value


def _remember(known: OrderedDict[str, Any], key: str, value: Any) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MOST_REMEMBERED:
        known.popitem(last=False)
