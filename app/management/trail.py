"""The audit log as a file: JSON lines or CSV, oldest entry first, a piece at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.shared.events import readable
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database, Row
    from tenants.registry import Tenant

AT_ONCE = 500
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
NOW = statement("SELECT now()")
READ = statement(
    """
    SELECT id, at, actor_id, action, aggregate_type, aggregate_id, correlation_id, changes, bypassed, session_role, effective_role
    FROM __tenant__.audit_entries
    WHERE (at, id) > (:at, :id) AND at < :until AND (CAST(:actions AS text[]) IS NULL OR action = ANY(CAST(:actions AS text[])))
    ORDER BY at, id LIMIT :most
    """
)
COLUMNS = (
    "id", "at", "actorId", "action", "aggregateType", "aggregateId", "correlationId", "bypassed", "sessionRole", "effectiveRole", "changes",
)  # fmt: skip
# A spreadsheet takes what begins so for a formula (OWASP, CSV injection).
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        return "application/x-ndjson" if self is Format.JSONL else "text/csv"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`since` is within, `until` beyond (None: now); without `actions`, all of them."""

    format: Format
    since: datetime = BEGINNING
    until: datetime | None = None
    actions: tuple[str, ...] = ()


async def trail(database: Database, tenant: Tenant, wanted: Wanted) -> AsyncIterator[bytes]:
    """Pieces of the file. Between two of them no connection is held, however slowly they are taken."""
    at, id = wanted.since, UUID(int=0)
    async with database.reading(tenant.place) as connection:
        until = wanted.until or await connection.fetchval(NOW)
    if wanted.format is Format.CSV:
        yield _lines([COLUMNS])
    actions = list(wanted.actions) or None
    while True:
        async with database.reading(tenant.place) as connection:
            rows = await connection.fetch(READ, at=at, id=id, until=until, actions=actions, most=AT_ONCE)
        if rows:
            entries = [_entry(row) for row in rows]
            yield _csv(entries) if wanted.format is Format.CSV else _jsonl(entries)
            at, id = rows[-1]["at"], rows[-1]["id"]
        if len(rows) < AT_ONCE:
            return


def _entry(row: Row) -> dict[str, Any]:
    values = (
        str(row["id"]),
        row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        _text(row["actor_id"]),
        row["action"],
        row["aggregate_type"],
        _text(row["aggregate_id"]),
        _text(row["correlation_id"]),
        row["bypassed"],
        row["session_role"],
        row["effective_role"],
        readable(row["action"], row["changes"]),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def _jsonl(entries: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries).encode()


def _csv(entries: Sequence[dict[str, Any]]) -> bytes:
    return _lines([[cell(value) for value in entry.values()] for entry in entries])


def cell(value: Any) -> str:
    """What a spreadsheet shows and never computes."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    """RFC 4180."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
