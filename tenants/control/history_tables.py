"""What operators did, and how far each organization's history was known to reach."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from tenants.tables import Moment, control_metadata

operator_audit = Table(
    "operator_audit",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Moment, nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("organization_id", Uuid),
    Column("slug", Text),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Index("operator_audit_organization_idx", "organization_id", "at"),
    comment="What operators did; written in the transaction that did it.",
)

anchors = Table(
    "anchors",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("aggregates", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="over all anchored heads in the order of their ids"),
    Column("signature", LargeBinary, nullable=False, comment="with a key that no database holds"),
    comment="How far each organization's history was known to reach, out of that organization's reach.",
)

anchored_heads = Table(
    "anchored_heads",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey("control.anchors.organization_id", ondelete="CASCADE"), primary_key=True),
    Column("aggregate_id", Uuid, primary_key=True),
    Column("aggregate_type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    comment="The last event of each aggregate when its organization was last anchored.",
)
