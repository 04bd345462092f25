"""Access tokens: JSON Web Tokens as RFC 9068 has them, short-lived, good at one organization's address only."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from joserfc import jwt
from joserfc.errors import JoseError

from auth.accounts import Account
from auth.addresses import Addresses
from auth.errors import unauthenticated
from auth.measures import TOKENS
from auth.opaque import digest
from auth.signing import ALGORITHM, SigningKeys
from tenants.ids import new_id
from tenants.registry import Tenant

TYPE = "at+jwt"
LARGEST = 8 * 1024
LARGEST_HEADER = 512
MOST_CACHED = 20_000
CLOCK_SKEW = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a verified token says. `expires` is a Unix time; role and permissions are for clients, not for decisions."""

    issuer: str
    subject: UUID
    organization: UUID
    session: UUID
    expires: int
    kid: str


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a token tells of the session it was made in."""

    session_id: UUID
    client_id: str
    amr: tuple[str, ...]
    auth_time: datetime


class Unacceptable(Exception):
    """Why a token is refused; told to the log, never to whoever sent it."""


class Tokens:
    def __init__(self, keys: SigningKeys, addresses: Addresses, *, lifetime: int, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._addresses = addresses
        self._lifetime = lifetime
        self._clock = clock
        self._verified: OrderedDict[bytes, AccessToken] = OrderedDict()

    @property
    def lifetime(self) -> int:
        return self._lifetime

    async def mint(self, tenant: Tenant, account: Account, session: SessionFacts) -> str:
        signer = await self._keys.signer()
        now = int(self._clock())
        issuer = self._addresses.of(tenant)
        claims: dict[str, Any] = {
            "iss": issuer,
            "aud": issuer,
            "client_id": session.client_id,
            "sub": str(account.user_id),
            "org": str(tenant.id),
            "tenant": str(tenant.slug),
            "role": account.role,
            "permissions": sorted(account.permissions),
            "sid": str(session.session_id),
            "amr": list(session.amr),
            "auth_time": int(session.auth_time.timestamp()),
            "jti": str(new_id()),
            "iat": now,
            "exp": now + self._lifetime,
        }
        TOKENS.inc()
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": signer.kid}, claims, signer.key, algorithms=[ALGORITHM])

    async def verify(self, token: str) -> AccessToken:
        """What the token says, if it is ours and good now. Raises Unauthenticated.

        Whose organization it must be, the caller checks with `belongs_to`. A token that was verified before costs a hash.
        """
        if len(token) > LARGEST:
            raise _refused("larger than any of ours")
        key = digest(token)
        known = self._verified.get(key)
        if known is None:
            try:
                known = await self._verify(token)
            except Unacceptable as reason:
                raise _refused(str(reason)) from None
            self._remember(key, known)
        elif await self._keys.verifier(known.kid) is None:
            raise _refused("its key was retired")
        if self._clock() >= known.expires:
            self._verified.pop(key, None)
            raise _refused("expired")
        return known

    def belongs_to(self, token: AccessToken, tenant: Tenant) -> bool:
        return token.organization == tenant.id and token.issuer == self._addresses.of(tenant)

    async def _verify(self, token: str) -> AccessToken:
        kid = read_kid(token)
        signer = await self._keys.verifier(kid)
        if signer is None:
            raise Unacceptable("signed with a key that is unknown or retired")
        try:
            claims = jwt.decode(token, signer.key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError) as error:
            raise Unacceptable(f"not verifiable: {error}") from error
        return read_claims(claims, kid, self._clock())

    def _remember(self, key: bytes, token: AccessToken) -> None:
        self._verified[key] = token
        if len(self._verified) > MOST_CACHED:
            self._verified.popitem(last=False)


def read_kid(token: str) -> str:
    """The key id from a header that is exactly what ours are: checked before any key is touched.

    Raises Unacceptable; `alg` and `typ` are compared with the one value each that we issue (RFC 8725, 3.1 and 3.11).
    """
    header, dot, rest = token.partition(".")
    if not dot or rest.count(".") != 1 or len(header) > LARGEST_HEADER:
        raise Unacceptable("no compact JWS of ours")
    try:
        fields = json.loads(base64.b64decode(header + "=" * (-len(header) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise Unacceptable("its header is no JSON") from None
    if not isinstance(fields, dict) or fields.keys() != {"alg", "typ", "kid"}:
        raise Unacceptable("its header has other members than ours have")
    if fields["alg"] != ALGORITHM:
        raise Unacceptable("signed with another algorithm")
    if fields["typ"] != TYPE:
        raise Unacceptable("no access token")
    if not isinstance(fields["kid"], str):
        raise Unacceptable("its key has no name")
    return fields["kid"]


def read_claims(claims: dict[str, Any], kid: str, now: float) -> AccessToken:
    """The claims that decisions need. `now` is a Unix time. Raises Unacceptable for any that is missing or wrong."""
    issued, expires, issuer = _time(claims, "iat"), _time(claims, "exp"), claims.get("iss")
    if issued > now + CLOCK_SKEW:
        raise Unacceptable("issued in the future")
    if not isinstance(issuer, str) or claims.get("aud") != issuer:
        raise Unacceptable("meant for somebody else")
    try:
        return AccessToken(issuer, UUID(claims["sub"]), UUID(claims["org"]), UUID(claims["sid"]), expires, kid)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Unacceptable("does not say who, where or in which session") from None


def _time(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unacceptable(f"says no {name}")
    return value


def _refused(reason: str) -> Exception:
    log.info("access token refused", reason=reason)
    return unauthenticated()
