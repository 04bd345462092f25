"""updatePost by hand: the statements that the command sends, on one connection, with nothing decided, checked or hashed between them."""

from __future__ import annotations

import json
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from tenants.events import APPEND, GENESIS
from tenants.ids import new_id
from tenants.naming import SchemaName, quoted
from tenants.statements import Statement
from tenants.transaction import NOW

_LOAD = """
    SELECT p.*, ARRAY(SELECT t.tag_id FROM {s}.post_tags t WHERE t.post_id = p.id ORDER BY t.tag_id) AS tags,
      ARRAY(SELECT c.category_id FROM {s}.post_categories c WHERE c.post_id = p.id ORDER BY c.category_id) AS categories,
      ARRAY(SELECT e.user_id FROM {s}.post_editors e WHERE e.post_id = p.id ORDER BY e.position) AS editors,
      ARRAY(SELECT a.user_id FROM {s}.post_approvals a WHERE a.post_id = p.id ORDER BY a.position) AS approvers,
      ARRAY(SELECT a.given_at FROM {s}.post_approvals a WHERE a.post_id = p.id ORDER BY a.position) AS given_at
    FROM {s}.posts p WHERE p.id = $1
"""
_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
_KEPT = {"id", "created_at", "created_by", "author_id", "content", "beginning", "reading_minutes"}  # of another title
Raw: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class ByHand:
    """One connection of asyncpg in one tenant's schema."""

    def __init__(self, raw: Raw, schema: SchemaName, columns: list[str]) -> None:
        self._raw = raw
        self._schema = schema
        self._columns = [name for name in columns if name not in _KEPT]
        changes = ", ".join(f"{name} = ${number}" for number, name in enumerate(self._columns, 3))
        self._load = _LOAD.format(s=quoted(schema))
        self._update = f"UPDATE {quoted(schema)}.posts SET {changes} WHERE id = $1 AND version = $2"  # noqa: S608 - our own names

    @classmethod
    async def connect(cls, url: str, schema: SchemaName, role: str) -> ByHand:
        raw = await asyncpg.connect(url)
        await raw.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        await raw.execute(f"SET ROLE {quoted(role)}")
        columns = [row["attname"] for row in await raw.fetch(_COLUMNS, f"{quoted(schema)}.posts")]
        return cls(raw, schema, columns)

    async def close(self) -> None:
        await self._raw.close()

    async def rename(self, post_id: UUID, title: str) -> None:
        await self._raw.execute("BEGIN; SET LOCAL imprint.door = 'bus'")
        [[now]] = await self._send(NOW)
        [row] = await self._raw.fetch(self._load, post_id)
        version = row["version"] + 1
        after = {**row, "version": version, "title": title, "updated_at": now}
        await self._raw.execute(self._update, post_id, row["version"], *(after[name] for name in self._columns))
        await self._send(
            APPEND,
            id=new_id(),
            aggregate_type="Post",
            aggregate_id=post_id,
            aggregate_version=version,
            type="PostEdited",
            type_version=1,
            data={"changes": {"title": title}},
            metadata={},
            user_id=row["author_id"],
            correlation_id=new_id(),
            causation_id=None,
            occurred_at=now,
            link=GENESIS,
            outbox_id=new_id(),
            trace=None,
        )
        await self._raw.execute("COMMIT")

    async def forget(self, post_id: UUID) -> None:
        """A post whose events have no hashes of their own."""
        schema = quoted(self._schema)
        await self._raw.execute("SET imprint.door = 'bus'")
        await self._raw.execute(f"DELETE FROM {schema}.domain_events WHERE aggregate_id = $1", post_id)  # noqa: S608 - a checked name
        await self._raw.execute(f"DELETE FROM {schema}.posts WHERE id = $1", post_id)  # noqa: S608 - a checked name

    async def _send(self, statement: Statement, **values: Any) -> list[asyncpg.Record]:
        return await self._raw.fetch(statement.at(self._schema), *statement.arguments(values))
