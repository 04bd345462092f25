"""The admin's connection: makes roles and schemas, acts as the owner role. Never used to serve a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import asyncpg

from tenants.database.backend import CLOSE_WITHIN, set_codecs
from tenants.database.failures import StatementFailed, translated, translated_for_operators
from tenants.errors import Refusal

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

    async def run(self, sql: str, *arguments: Any) -> str:
        """The command's tag, as the server says it."""
        with translated_for_operators():
            return await self._raw.execute(sql, *arguments)

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
        """Committed at the end of the block, rolled back when it raises. Raises StatementFailed where the server would not commit."""
        await self.run("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(Refusal):  # a session that is gone has rolled back by itself
                await self.run("ROLLBACK")
            raise
        if (tag := await self.run("COMMIT")) != "COMMIT":
            raise StatementFailed(f"Postgres answered COMMIT with {tag}: a statement of this transaction had failed before.")


@asynccontextmanager
async def connect_as_admin(url: str) -> AsyncIterator[AdminConnection]:
    """Raises DatabaseUnavailable where nothing answers at the URL."""
    with translated():
        raw = await asyncpg.connect(url, timeout=10, server_settings={"search_path": "pg_catalog", "application_name": "imprint-admin"})
    try:
        with translated():
            await set_codecs(raw)
        yield AdminConnection(raw)
    finally:
        await _close(raw)


async def _close(raw: Raw) -> None:
    try:
        await raw.close(timeout=CLOSE_WITHIN)
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
        raw.terminate()  # the server has gone, or does not say goodbye
