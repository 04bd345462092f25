"""The floor for moving a tenant: COPY of the same tables to plain files and back, over asyncpg, nothing hashed, sealed or checked."""

# ruff: noqa: S608 - the texts are constants but for names from the catalog

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from tenants.naming import quoted


async def copy_out(url: str, owner: str, schema: str, tables: Sequence[str], folder: Path) -> float:
    """Seconds for one file a table."""
    raw = await asyncpg.connect(url)
    await raw.execute(f"SET ROLE {quoted(owner)}")
    began = time.perf_counter()
    for table in tables:
        await raw.copy_from_query(f"SELECT * FROM {quoted(schema)}.{quoted(table)}", output=folder / table)
    seconds = time.perf_counter() - began
    await raw.close()
    return seconds


async def copy_in(url: str, owner: str, schema: str, tables: Sequence[str], folder: Path) -> float:
    """Seconds for all the files into empty tables with their indexes and constraints, in one transaction; the tables' own triggers rest."""
    raw = await asyncpg.connect(url)
    await raw.execute(f"SET ROLE {quoted(owner)}")
    began = time.perf_counter()
    async with raw.transaction():
        for table in tables:
            await raw.execute(f"ALTER TABLE {quoted(schema)}.{quoted(table)} DISABLE TRIGGER USER")
            await raw.copy_to_table(table, schema_name=schema, source=folder / table)
            await raw.execute(f"ALTER TABLE {quoted(schema)}.{quoted(table)} ENABLE TRIGGER USER")
    seconds = time.perf_counter() - began
    await raw.close()
    return seconds
