"""Codes that a registered client trades for tokens: good once, for a minute, with the verifier they were asked for with (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from uuid import UUID

from auth.errors import InvalidGrant
from auth.server.clients import Client
from auth.sso.checks import SignInRefused
from auth.sso.handles import Handles
from tenants.registry import Tenant

PURPOSE = "code"
GOOD_FOR = 60
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Granted:
    """Who has signed in for which client, and how. `session_id`: the browser session in which they did."""

    user_id: UUID
    session_id: UUID
    amr: tuple[str, ...]


class Codes:
    def __init__(self, handles: Handles) -> None:
        self._handles = handles

    async def issue(self, tenant: Tenant, client: Client, redirect_uri: str, challenge: str, granted: Granted) -> str:
        payload = {
            "client": client.client_id,
            "redirect": redirect_uri,
            "challenge": challenge,
            "user": str(granted.user_id),
            "session": str(granted.session_id),
            "amr": list(granted.amr),
        }
        return await self._handles.keep(tenant, PURPOSE, payload, seconds=GOOD_FOR)

    async def redeem(self, tenant: Tenant, client: Client, code: str, verifier: str, redirect_uri: str | None) -> Granted:
        """What the code was given for; it is spent, whether or not the rest fits. Raises InvalidGrant."""
        try:
            kept = await self._handles.take(tenant, PURPOSE, code)
        except SignInRefused:
            raise InvalidGrant from None
        fits = kept["client"] == client.client_id and redirect_uri in {None, kept["redirect"]}
        if not fits or not VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge_of(verifier), kept["challenge"]):
            raise InvalidGrant
        return Granted(UUID(kept["user"]), UUID(kept["session"]), tuple(kept["amr"]))


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii", "replace")).digest()).rstrip(b"=").decode()
