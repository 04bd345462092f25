"""Databases to try things in, on a server whose superuser or CREATEDB and CREATEROLE role we are."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from migrations.history import History, head
from migrations.rendering import upgrade_statements
from migrations.tokens import LOGIN_ROLE, TENANT_ROLE, TENANTS_GROUP, replaced
from migrations.writing.declared import BrokenSql, Declared, SqlFile, schema_of
from tenants.naming import quoted

TOKENS = (TENANT_ROLE, TENANTS_GROUP, LOGIN_ROLE)


@dataclass(frozen=True, slots=True)
class Scratch:
    """Two databases: in `head` what revisions make, in `code` what the code declares. The schema has its token for a name.

    Every statement is a transaction by itself.
    """

    head: AsyncConnection
    code: AsyncConnection
    roles: dict[str, str]

    async def replay(self, sql: Sequence[str]) -> None:
        """Run a revision's statements where the ones before it ran."""
        for statement in replaced(sql, self.roles):
            await self.head.exec_driver_sql(statement)


@asynccontextmanager
async def scratch(url: str) -> AsyncIterator[Scratch]:
    """Both databases, empty; gone at the end, and their roles."""
    name = f"scratch_{secrets.token_hex(4)}"
    databases = (f"{name}_head", f"{name}_code")
    roles = {token: f"{name}{token}" for token in TOKENS}
    async with _connected(url) as server:
        try:
            for database in databases:
                await server.exec_driver_sql(f"CREATE DATABASE {quoted(database)}")
            for role in roles.values():
                await server.exec_driver_sql(f"CREATE ROLE {quoted(role)} NOLOGIN")
            async with _connected(url, databases[0]) as first, _connected(url, databases[1]) as second:
                yield Scratch(first, second, roles)
        finally:
            for database in databases:
                await server.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted(database)} WITH (FORCE)")
            for role in roles.values():
                await server.exec_driver_sql(f"DROP ROLE IF EXISTS {quoted(role)}")


@asynccontextmanager
async def _connected(url: str, database: str | None = None) -> AsyncIterator[AsyncConnection]:
    where = make_url(url).set(drivername="postgresql+asyncpg")
    settings = {"server_settings": {"search_path": "pg_catalog"}}
    engine = create_async_engine(
        where if database is None else where.set(database=database), poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=settings
    )
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def make_head(place: Scratch, history: History) -> None:
    """What all revisions of the history make together."""
    await place.head.exec_driver_sql(f"CREATE SCHEMA {quoted(schema_of(history))}")
    await place.replay(upgrade_statements(history, None, head(history)))


async def make_code(place: Scratch, declared: Declared) -> None:
    """What the code declares. Raises BrokenSql where Postgres takes a file for none."""
    await place.code.exec_driver_sql(f"CREATE SCHEMA {quoted(declared.schema)}")
    await place.code.exec_driver_sql("SET check_function_bodies = off")
    refused = await _refused(place.code, declared.files)  # all but functions, which tables may call
    await place.code.run_sync(declared.metadata.create_all, checkfirst=False)
    while refused:
        left = await _refused(place.code, [file for file, _ in refused])  # they may want what came after them
        if len(left) == len(refused):
            file, error = left[0]
            raise BrokenSql(f"{file.path}: Postgres said: {error}")
        refused = left


async def _refused(connection: AsyncConnection, files: Sequence[SqlFile]) -> list[tuple[SqlFile, str]]:
    """Those that cannot be made yet, with what Postgres says; the others are made."""
    return [(file, error) for file in files if (error := await _tried(connection, file))]


async def _tried(connection: AsyncConnection, file: SqlFile) -> str | None:
    try:
        await connection.exec_driver_sql(file.text)
    except DBAPIError as error:
        return str(error.orig)
    return None
