"""Reading an ID token (OpenID Connect Core 1.0, 3.1.3.7), check by check."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

from auth.oidc.discovery import ALGORITHMS
from auth.sso.checks import AS_EXPECTED, NOTHING, Checks
from tenants.sentences import as_sentence, sentence

LARGEST = 64 * 1024
SKEW = 60
AUTHENTICATED_WITHIN = 600
LONGEST_LIFE = 24 * 3600
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}

KeyOf = Callable[[str | None], Awaitable[Key | None]]
"""The provider's key of a name."""


async def read(token: str, key_of: KeyOf, checks: Checks) -> dict[str, Any]:
    """The claims of a token whose form, algorithm, key and signature are right; what they say is checked by `check_claims`. Raises SignInRefused."""
    header = _header(token)
    checks.require("token_form", "a signed token", AS_EXPECTED if header else "something else", when=header is not None)
    assert header is not None  # noqa: S101 - required above
    algorithm, kid = header.get("alg"), header.get("kid")
    checks.require("token_algorithm", sentence("one of {names}", names=", ".join(ALGORITHMS)), str(algorithm)[:20], when=algorithm in ALGORITHMS)
    checks.require(
        "token_extensions",
        "no demand (crit) that is not known here",
        AS_EXPECTED if "crit" not in header else "such a demand",
        when="crit" not in header,
    )
    key = await key_of(kid if isinstance(kid, str) else None)
    named = sentence("the key {name}", name=str(kid)[:60]) if kid else as_sentence("a token that names no key")
    checks.require("token_key", "a key that the provider publishes", named, when=key is not None)
    assert key is not None  # noqa: S101 - required above
    try:
        signed = jws.deserialize_compact(token, key, algorithms=list(ALGORITHMS))
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, TypeError, RecursionError):
        claims = None
    checks.require(
        "token_signature", "the signature of that key", AS_EXPECTED if isinstance(claims, dict) else "another one", when=isinstance(claims, dict)
    )
    found: dict[str, Any] = claims
    return found


def check_claims(claims: dict[str, Any], *, issuer: str, client_id: str, checks: Checks, now: float | None = None) -> None:
    """Whose it is, for whom and until when: for ID tokens and logout tokens alike. Raises SignInRefused."""
    moment = time.time() if now is None else now
    checks.require("token_issuer", issuer, str(claims.get("iss"))[:200], when=claims.get("iss") == issuer)
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    meant = audience == client_id or (isinstance(audience, list) and client_id in audience)
    checks.require("token_audience", client_id, str(audience)[:200], when=meant)
    party = claims.get("azp")
    right = party == client_id if party is not None or several else True
    wanted = client_id if several else sentence("{name}, or nothing", name=client_id)
    checks.require("token_authorized_party", wanted, str(party)[:100] if party is not None else NOTHING, when=right)
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    checks.require("token_expires", "a time to come", _when(expires, moment), when=expires is not None and moment < expires + SKEW)
    checks.require(
        "token_issued",
        "a time of the last day",
        _when(issued, moment),
        when=issued is not None and moment - LONGEST_LIFE <= issued <= moment + SKEW,
    )
    subject = claims.get("sub")
    checks.require(
        "token_subject",
        "the person's id",
        AS_EXPECTED if subject else NOTHING,
        when=isinstance(subject, str) and bool(subject) and subject.isprintable(),
    )


def good_until(claims: dict[str, Any]) -> datetime:
    """When a token that `check_claims` takes now is refused for its age."""
    return datetime.fromtimestamp(min(float(claims["exp"]) + SKEW, float(claims["iat"]) + LONGEST_LIFE), UTC)


def check_nonce(claims: dict[str, Any], nonce: str, checks: Checks) -> None:
    same = isinstance(claims.get("nonce"), str) and hmac.compare_digest(claims["nonce"].encode("utf-8", "replace"), nonce.encode())
    checks.require("token_nonce", "the number of this sign-in (nonce)", AS_EXPECTED if same else "another one, or none", when=same)


def check_authenticated(claims: dict[str, Any], checks: Checks, *, says: bool, now: float | None = None) -> None:
    """Asked to ask again, the provider says of no earlier sign-in (Core, 3.1.3.7, 13). Those that never say when are taken at their word.

    `says`: it can say when. Silence is no word of it then: `max_age`, which makes it speak, goes through the browser of whoever has to prove it.
    """
    if "auth_time" not in claims and not says:
        return
    moment, said = time.time() if now is None else now, _moment(claims, "auth_time")
    recent = said is not None and moment - AUTHENTICATED_WITHIN <= said <= moment + SKEW
    checks.require("token_auth_time", "a sign-in of the last minutes", _when(said, moment), when=recent)


def check_access_token(claims: dict[str, Any], token: str, access_token: object, checks: Checks) -> None:
    """Where the ID token speaks of the access token, it has to be the one that came along (Core, 3.1.3.8)."""
    said = claims.get("at_hash")
    if said is None:
        return
    header = _header(token) or {}
    hashing = _HASHES.get(str(header.get("alg"))[-3:], hashlib.sha512)
    half = hashing(str(access_token).encode("ascii", "replace")).digest()
    expected = base64.urlsafe_b64encode(half[: len(half) // 2]).rstrip(b"=").decode()
    checks.require(
        "access_token", "the access token that the ID token speaks of", AS_EXPECTED if said == expected else "another one", when=said == expected
    )


def _header(token: str) -> dict[str, Any] | None:
    head, *rest = token.split(".") if len(token) <= LARGEST else [""]
    if len(rest) != 2:  # noqa: PLR2004 - a compact JWS has three parts
        return None
    try:
        found = json.loads(base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _moment(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12 else None  # noqa: PLR2004 - the year 33658


def _when(moment: float | None, now: float) -> str:
    if moment is None:
        return NOTHING
    seconds = round(abs(moment - now))
    return sentence("{seconds} seconds from now", seconds=seconds) if moment > now else sentence("{seconds} seconds ago", seconds=seconds)
