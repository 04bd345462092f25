"""What can be asked at the installation's own address: nobody is looked up there, so that every address gets one answer for the same work."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from auth.asking import Asking
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.secrets import Keyring
from tenants.statements import statement

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.database import Database

PLACE = "installation"
HOMES = "homes"
WAIT = statement("INSERT INTO control.front_letters (id, kind, sealed) VALUES (:id, :kind, :sealed)")


class Front:
    def __init__(self, database: Database, keyring: Keyring, asking: Asking) -> None:
        self._database = database
        self._keyring = keyring
        self._asking = asking

    async def ask_homes(self, email: str) -> None:
        """Have a letter sent that lists the organizations of whoever has this address."""
        await self.write(HOMES, {"email": email})

    async def admit(self, what: str, email: str, address: str | None) -> None:
        """Charge what is asked for to the address it is for and to where it comes from. Raises RateLimited."""
        await self._asking.enter(PLACE, what, email, address or "local")

    async def write(self, kind: str, about: Mapping[str, str]) -> None:
        id = new_id()
        await self._wait(id, kind, self._keyring.encrypt(json.dumps(about).encode(), letter_context(id)))

    @repeatable
    async def _wait(self, id: UUID, kind: str, sealed: bytes) -> None:
        async with self._database.control() as connection:
            await connection.execute(WAIT, id=id, kind=kind, sealed=sealed)


def letter_context(id: UUID) -> bytes:
    """What a waiting letter is bound to."""
    return b"front-letter:" + id.bytes


def form_keys(keyring: Keyring) -> tuple[bytes, ...]:
    """Under which forms at the installation's own address are bound to a browser; the first makes, all are accepted."""
    return tuple(hmac.digest(key, b"front-forms", hashlib.sha256) for key in keyring.keys)
