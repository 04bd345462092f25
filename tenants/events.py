"""Events as they are stored: an envelope, the data, and a hash that ties each to the one before it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tenants.statements import statement

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What an aggregate recorded, ready to be stored. `data` and `metadata` hold JSON values only."""

    id: UUID
    type: str
    type_version: int
    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row of domain_events."""

    id: UUID
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    type: str
    type_version: int
    data: dict[str, Any]
    metadata: dict[str, Any]
    user_id: UUID | None
    correlation_id: UUID
    causation_id: UUID | None
    occurred_at: datetime


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: the same bytes for the same value, also after jsonb has rewritten its numbers."""
    return _CANONICAL.encode(_settled(value)).encode()


def _settled(value: Any) -> Any:
    """Whole numbers as integers: jsonb keeps a number's value, not its spelling (1e16, -0.0)."""
    if isinstance(value, float):
        exact = Decimal(repr(value))
        return int(exact) if exact == exact.to_integral_value() else value
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_settled(item) for item in value]
    return value


def chain_hash(previous: bytes, event: StoredEvent) -> bytes:
    """SHA-256 over the previous hash of the aggregate and the event's link."""
    return hashlib.sha256(previous + link(event)).digest()


def link(event: StoredEvent) -> bytes:
    """What an event adds to its aggregate's chain: the envelope and the data, each canonical."""
    envelope = [
        str(event.id),
        event.aggregate_type,
        str(event.aggregate_id),
        event.aggregate_version,
        event.type,
        event.type_version,
        str(event.user_id) if event.user_id else None,
        str(event.correlation_id),
        str(event.causation_id) if event.causation_id else None,
        event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        _settled(event.metadata),
    ]
    return _CANONICAL.encode(envelope).encode() + canonical(event.data)


_CHAIN = f"""
    WITH chain AS (
      SELECT sha256(CASE CAST(:aggregate_version AS integer) WHEN 1 THEN CAST('\\x{GENESIS.hex()}' AS bytea) ELSE (
        SELECT hash FROM __tenant__.domain_events WHERE aggregate_id = :aggregate_id AND aggregate_version = :aggregate_version - 1
      ) END || CAST(:link AS bytea)) AS hash
    ), letter AS (
      INSERT INTO control.outbox (id, event_id, event_type, aggregate_id, aggregate_version, correlation_id, trace)
      VALUES (:outbox_id, :id, :type, :aggregate_id, :aggregate_version, :correlation_id, :trace)
    )
    INSERT INTO __tenant__.domain_events (id, aggregate_type, aggregate_id, aggregate_version, event_type, event_version, event_data, metadata,
                                          user_id, correlation_id, causation_id, occurred_at, hash)
    SELECT CAST(:id AS uuid), :aggregate_type, CAST(:aggregate_id AS uuid), :aggregate_version, CAST(:type AS text), :type_version,
           CAST(:data AS jsonb), CAST(:metadata AS jsonb), :user_id, CAST(:correlation_id AS uuid), :causation_id, :occurred_at, c.hash
    FROM chain c
"""  # noqa: S608 - our own constant
# The event before is joined here: to ask for its hash first is a round trip. Where it is missing there is no hash, which no row may lack.
APPEND = statement(_CHAIN)
APPEND_NUMBERED = statement(f"{_CHAIN} RETURNING sequence_number")

READ = statement(
    """
    SELECT id, aggregate_type, aggregate_id, aggregate_version, event_type, event_version, event_data, metadata, user_id, correlation_id,
           causation_id, occurred_at, hash
    FROM __tenant__.domain_events WHERE id = :id
    """
)

READ_AGGREGATE = statement(
    """
    SELECT id, aggregate_type, aggregate_id, aggregate_version, event_type, event_version, event_data, metadata, user_id, correlation_id,
           causation_id, occurred_at, hash
    FROM __tenant__.domain_events WHERE aggregate_id = :aggregate_id ORDER BY aggregate_version
    """
)


def from_row(row: Any) -> StoredEvent:
    return StoredEvent(
        id=row["id"],
        aggregate_type=row["aggregate_type"],
        aggregate_id=row["aggregate_id"],
        aggregate_version=row["aggregate_version"],
        type=row["event_type"],
        type_version=row["event_version"],
        data=row["event_data"],
        metadata=row["metadata"],
        user_id=row["user_id"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        occurred_at=row["occurred_at"],
    )
