"""The admin's connection: makes roles and schemas, acts as the owner role. Never used to serve a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import asyncpg

from tenants.database.backend import CLOSE_WITHIN, set_codecs
from tenants.database.failures import DatabaseUnavailable, NotTheOwners, StatementFailed, let_in, translated, translated_for_operators
from tenants.errors import Refusal
from tenants.naming import quoted

if TYPE_CHECKING:
    from tenants.database.backend import Raw
    from tenants.database.connection import Row
    from tenants.naming import SchemaName


# What SET ROLE answers: not a member of it, or no such role.
_NO_SUCH_PART = (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)


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

    async def copy_out(self, schema: SchemaName, table: str, columns: Sequence[str], sink: Callable[[bytes], None]) -> int:
        """COPY table TO STDOUT as text, in pieces as they come; returns the number of rows. The sink's refusals pass through."""

        async def take(data: bytes) -> None:
            sink(data)

        with translated_for_operators():
            return _count(await self._raw.copy_from_table(table, output=take, columns=columns, schema_name=schema, format="text"))

    async def copy_in(self, schema: SchemaName, table: str, columns: Sequence[str], source: Iterable[bytes], *, freeze: bool = False) -> int:
        """COPY table FROM STDIN, text in pieces of any length; returns the number of rows. The source's refusals pass through.

        `freeze`: rows that no transaction will ever have to ask about; for tables emptied in this same transaction.
        """

        async def pieces() -> AsyncIterator[bytes]:
            for piece in source:
                yield piece

        with translated_for_operators():
            return _count(
                await self._raw.copy_to_table(table, source=pieces(), columns=columns, schema_name=schema, format="text", freeze=freeze or None)
            )

    @asynccontextmanager
    async def transaction(self, role: str | None = None, *, limits: str | None = None) -> AsyncIterator[None]:
        """As `role`, where one is named; committed at the end of the block, rolled back when it raises.

        `limits`: SET LOCAL statements of our own, which travel with its beginning. Raises StatementFailed where the server would not commit.
        """
        beginning = ["BEGIN", *([f"SET LOCAL ROLE {quoted(role)}"] if role else []), *([limits] if limits else [])]
        try:
            await self._begin("; ".join(beginning), role)
            yield
        except BaseException:
            with suppress(Refusal):  # a session that is gone has rolled back by itself
                await self.run("ROLLBACK")
            raise
        if (tag := await self.run("COMMIT")) != "COMMIT":
            raise StatementFailed(f"Postgres answered COMMIT with {tag}: a statement of this transaction had failed before.")

    @asynccontextmanager
    async def snapshot(self, role: str) -> AsyncIterator[None]:
        """A transaction as `role` that only reads, and whose every statement sees what the first that looks at rows saw; locks come before it."""
        try:
            await self._begin(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE {quoted(role)}", role)
            yield
        finally:
            with suppress(DatabaseUnavailable):  # a session that is gone has ended it by itself
                await self.run("ROLLBACK")

    async def _begin(self, beginning: str, role: str | None) -> None:
        """Begun, even where there is no such role. Raises NotTheOwners."""
        try:
            await self.run(beginning)
        except StatementFailed as error:
            if not isinstance(error.__cause__, _NO_SUCH_PART):
                raise
            raise NotTheOwners(
                f"{error}. IMPRINT_ADMIN_DATABASE_URL has to be of a role that may act as {role}: the one that ran `imprint migrate up` first; "
                "IMPRINT_OWNER_ROLE names another than imprint_owner."
            ) from error.__cause__

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[None]:
        """A transaction that is rolled back at the end of the block, whatever happened in it: what would be there, if it were done."""
        await self.run("BEGIN")
        try:
            yield
        finally:
            with suppress(DatabaseUnavailable):  # a session that is gone has rolled back by itself
                await self.run("ROLLBACK")


@asynccontextmanager
async def connect_as_admin(url: str, name: str = "imprint-admin", *, documents: bool = True) -> AsyncIterator[AdminConnection]:
    """`name` tells others who holds a lock or a snapshot (pg_stat_activity). Raises DatabaseUnavailable where nothing answers at the URL.

    `documents`: JSON is to pass as Python values, which costs two questions more.
    """
    raw = await open_for_admin(url, name)
    try:
        if documents:
            with translated():
                await set_codecs(raw)
        yield AdminConnection(raw)
    finally:
        await _close(raw)


async def open_for_admin(url: str, name: str) -> Raw:
    """The driver's own connection, for a library that brings its own codecs; whoever asks closes it. Raises DatabaseUnavailable, DatabaseRefused."""
    with let_in():
        return await asyncpg.connect(url, timeout=10, server_settings={"search_path": "pg_catalog", "application_name": name[:63]})


def _count(tag: str) -> int:
    """The rows that a command's tag tells of (COPY 12)."""
    return int(tag.rpartition(" ")[2])


async def _close(raw: Raw) -> None:
    try:
        await raw.close(timeout=CLOSE_WITHIN)
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
        raw.terminate()  # the server has gone, or does not say goodbye
