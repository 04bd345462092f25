"""Where the API remembers what it has answered."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table
from sqlalchemy.dialects.postgresql import JSONB

from tenants.tables import Moment, tenant_metadata

idempotency_keys = Table(
    "idempotency_keys",
    tenant_metadata,
    Column("hash", LargeBinary, primary_key=True, comment="of the key, whose it is, and the field it was sent for"),
    Column("request", LargeBinary, nullable=False, comment="hash of what was asked: another request may not use the key"),
    Column("outcome", JSONB, comment="what it did, without what it reads; null only within the transaction that does it"),
    Column("created_at", Moment, nullable=False),
    Index("idempotency_keys_created_at_idx", "created_at"),
    comment="Mutations that were done under a key, so that the same one sent again is answered and not done again.",
)
