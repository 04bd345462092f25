"""The key for what the installation itself knows: indexes of addresses, and what waits sealed.

It is wrapped by IMPRINT_SECRET_KEY, whose rotation touches nothing of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.database import repeatable
from tenants.secrets import Keyring, TenantKey, new_key
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database

CONTEXT = b"realm-key"
PURPOSE = "home-realm"

READ = statement("SELECT wrapped FROM control.realm_keys")
MAKE = statement("INSERT INTO control.realm_keys (wrapped) VALUES (:wrapped) ON CONFLICT DO NOTHING")
REWRAP = statement("UPDATE control.realm_keys SET wrapped = :wrapped WHERE wrapped = :was")


class RealmKey:
    """Made when it is first needed, and remembered: it never changes."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._key: TenantKey | None = None

    async def index(self, email: str) -> bytes:
        """Under which an address is found, however it was typed. Raises Undecipherable."""
        return (await self.opened()).blind_index(PURPOSE, email.strip().lower())

    async def opened(self) -> TenantKey:
        """Raises Undecipherable."""
        if self._key is None:
            self._key = TenantKey(self._keyring.decrypt(await self._wrapped(), CONTEXT))
        return self._key

    @repeatable
    async def _wrapped(self) -> bytes:
        async with self._database.control() as connection:
            wrapped: bytes | None = await connection.fetchval(READ)
            if wrapped is None:
                await connection.execute(MAKE, wrapped=self._keyring.encrypt(new_key(), CONTEXT))
                wrapped = await connection.fetchval(READ)
        return wrapped or b""

    async def outdated(self) -> bool:
        """Whether it is under another than the installation's first key. Raises Undecipherable."""
        async with self._database.control() as connection:
            wrapped: bytes | None = await connection.fetchval(READ)
        return wrapped is not None and self._keyring.resealed(wrapped, CONTEXT) is not None

    async def rewrap(self) -> None:
        """Bring it under the installation's first key. Raises Undecipherable."""
        async with self._database.control() as connection:
            was: bytes | None = await connection.fetchval(READ)
            wrapped = self._keyring.resealed(was, CONTEXT) if was else None
            if wrapped is not None:
                await connection.execute(REWRAP, wrapped=wrapped, was=was)
