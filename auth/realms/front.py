"""What can be asked at the installation's own address: nobody is looked up there, so that every address gets one answer for the same work."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from auth.asking import Asking
from auth.realms.key import RealmKey
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.secrets import Keyring, TenantKey
from tenants.statements import Statement, statement

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.database import Database

HOMES = "homes"
WAIT = statement("INSERT INTO control.front_letters (id, kind, sealed) VALUES (:id, :kind, :sealed)")


class Front:
    def __init__(self, database: Database, keyring: Keyring, key: RealmKey, asking: Asking) -> None:
        self._database = database
        self._keyring = keyring
        self.key = key
        self._asking = asking

    async def ask_homes(self, email: str, language: str) -> None:
        """Have a letter sent that lists the organizations of whoever has this address, in the language of whoever asks."""
        await self.write(HOMES, {"email": email, "language": language})

    async def admit(self, what: str, email: str, address: str | None) -> None:
        """Charge what is asked for to the address it is for and to where it comes from. Raises RateLimited."""
        await self._asking.enter(None, what, email, address or "local")

    async def write(self, kind: str, about: Mapping[str, str]) -> None:
        """Have a worker write a letter of this kind."""
        wait, letter = front_letter(await self.key.opened(), kind, about)
        await self._wait(wait, letter)

    @repeatable
    async def _wait(self, wait: Statement, letter: dict[str, Any]) -> None:
        async with self._database.control() as connection:
            await connection.execute(wait, **letter)

    @property
    def form_keys(self) -> tuple[bytes, ...]:
        """Under which forms here are bound to a browser; the first makes, all are accepted."""
        return tuple(hmac.digest(key, b"front-forms", hashlib.sha256) for key in self._keyring.keys)


def front_letter(key: TenantKey, kind: str, about: Mapping[str, str]) -> tuple[Statement, dict[str, Any]]:
    """A letter that waits, as a statement and its values, for whoever writes it with something else."""
    id = new_id()
    return WAIT, {"id": id, "kind": kind, "sealed": key.encrypt(json.dumps(about).encode(), letter_context(id))}


def letter_context(id: UUID) -> bytes:
    """What a waiting letter is bound to."""
    return b"front-letter:" + id.bytes
