"""Floors for places and migrations: the same statements, sent by hand over asyncpg, two connections, nothing noted anywhere."""

# ruff: noqa: S608 - the texts are constants but for names that this file made

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID, uuid4

import asyncpg

from migrations.provisioning import HeadProvisioner
from tenants.naming import RoleName, SchemaName, quoted, role_for, schema_for

CONNECTIONS = 2
T = TypeVar("T")

if TYPE_CHECKING:
    Raw = asyncpg.Connection[asyncpg.Record]


async def provision(url: str, owner: str, login: str, prefix: str, count: int) -> tuple[float, list[UUID]]:
    """Seconds for so many roles, schemas and their tables, one transaction each; and what was made, to be removed again."""
    made: list[UUID] = []

    async def one(raw: Raw, _: int) -> None:
        organization = uuid4()
        made.append(organization)
        schema, role = schema_for(organization), role_for(prefix, organization)
        await raw.execute("BEGIN")
        for sql in _place(owner, login, prefix, schema, role):
            await raw.execute(sql)
        await raw.execute("COMMIT")

    return await _timed(url, iter(range(count)), one), made


async def remove(url: str, owner: str, prefix: str, made: Sequence[UUID]) -> None:
    """So that nothing of the floor is met by what is measured later."""

    async def one(raw: Raw, organization: UUID) -> None:
        await raw.execute(f"SET ROLE {quoted(owner)}; DROP SCHEMA {schema_for(organization)} CASCADE; RESET ROLE")
        await raw.execute(f"DROP ROLE {role_for(prefix, organization)}")

    await _timed(url, iter(made), one)


async def migrate(url: str, owner: str, schemas: Sequence[str], statements: Sequence[str], version: str) -> float:
    """Seconds for these statements in every schema, one transaction each, with its version row and the registry's."""

    async def one(raw: Raw, schema: str) -> None:
        await raw.execute(f"BEGIN; SET LOCAL ROLE {quoted(owner)}; SET LOCAL lock_timeout = '3s'")
        for sql in statements:
            await raw.execute(sql.replace("__tenant__", quoted(schema)))
        await raw.execute(f"UPDATE {quoted(schema)}.alembic_version SET version_num = version_num")
        await raw.execute("UPDATE control.organizations SET revision = revision WHERE schema = $1 AND $2 <> ''", schema, version)
        await raw.execute("COMMIT")

    return await _timed(url, iter(schemas), one)


def _place(owner: str, login: str, prefix: str, schema: SchemaName, role: RoleName) -> list[str]:
    return [
        f"CREATE ROLE {role} NOLOGIN INHERIT",
        f"CREATE SCHEMA {schema} AUTHORIZATION {quoted(owner)}",
        f"SET LOCAL ROLE {quoted(owner)}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        *HeadProvisioner().statements(schema, role),
        "RESET ROLE",
        f"GRANT {prefix}_tenants TO {role} WITH INHERIT TRUE, SET TRUE",
        f"GRANT {role} TO {quoted(login)} WITH INHERIT FALSE, SET TRUE",
    ]


async def _timed(url: str, work: Iterator[T], one: Callable[[Raw, T], Awaitable[None]]) -> float:
    connections = [await asyncpg.connect(url) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    await asyncio.gather(*(_all(raw, work, one) for raw in connections))
    seconds = time.perf_counter() - began
    for raw in connections:
        await raw.close()
    return seconds


async def _all(raw: Raw, work: Iterator[T], one: Callable[[Raw, T], Awaitable[None]]) -> None:
    for item in work:
        await one(raw, item)
