"""The admin's connection: makes roles and schemas, acts as the owner role. Never used to serve a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import asyncpg

from tenants.database.backend import set_codecs
from tenants.database.failures import translated, translated_for_operators

if TYPE_CHECKING:
    from tenants.database.backend import Raw
    from tenants.database.connection import Row


class AdminConnection:
    """SQL as the admin role. Texts come from revisions and this package, never from input."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    @property
    def version(self) -> int:
        """The server's major version."""
        return self._raw.get_server_version().major

    async def run(self, sql: str, *arguments: Any) -> None:
        with translated_for_operators():
            await self._raw.execute(sql, *arguments)

    async def run_all(self, statements: Sequence[str]) -> None:
        """One statement a message, in order."""
        for sql in statements:
            await self.run(sql)

    async def rows(self, sql: str, *arguments: Any) -> list[Row]:
        with translated_for_operators():
            return cast("list[Row]", await self._raw.fetch(sql, *arguments))

    async def value(self, sql: str, *arguments: Any) -> Any:
        with translated_for_operators():
            return await self._raw.fetchval(sql, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self._raw.transaction():
            yield


@asynccontextmanager
async def connect_as_admin(url: str) -> AsyncIterator[AdminConnection]:
    """Raises DatabaseUnavailable where nothing answers at the URL."""
    with translated():
        raw = await asyncpg.connect(url, timeout=10, server_settings={"search_path": "pg_catalog", "application_name": "imprint-admin"})
    try:
        await set_codecs(raw)
        yield AdminConnection(raw)
    finally:
        await raw.close()
