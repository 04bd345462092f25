"""What every tenant's schema holds of this package, and the two sets that tables hang on.

Tenant tables of every package hang on the one `tenant_metadata`, whose schema is a token until a statement is sent; what the
installation has once hangs on `control_metadata` (this package's part: `control`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from tenants.naming import TENANT_SCHEMA

NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

control_metadata = MetaData(schema="control", naming_convention=NAMING)
tenant_metadata = MetaData(schema=TENANT_SCHEMA, naming_convention=NAMING)

Moment = DateTime(timezone=True)


history_anchors = Table(
    "history_anchors",
    tenant_metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("made_at", Moment, nullable=False),
    Column("aggregates", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    comment="Every anchor of this organization's history, as it also stands outside of it; append-only.",
)

domain_events = Table(
    "domain_events",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("aggregate_type", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("aggregate_version", Integer, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("event_version", SmallInteger, nullable=False),
    Column("event_data", JSONB, nullable=False),
    Column("metadata", JSONB, nullable=False),
    Column("user_id", Uuid),
    Column("correlation_id", Uuid, nullable=False),
    Column("causation_id", Uuid),
    Column("occurred_at", Moment, nullable=False),
    Column("sequence_number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("aggregate_id", "aggregate_version"),
    Index("domain_events_event_type_idx", "event_type", "occurred_at", "id"),
    Index("domain_events_aggregate_type_idx", "aggregate_type", "occurred_at", "id"),
    Index("domain_events_user_id_idx", "user_id", "occurred_at", "id", postgresql_where=text("user_id IS NOT NULL")),
    Index("domain_events_correlation_id_idx", "correlation_id"),
    Index("domain_events_newest_idx", "occurred_at", "id"),
    comment="Everything that ever happened to this organization's aggregates, in the order of each; append-only.",
)

handled = Table(
    "handled",
    tenant_metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("handler", Text, primary_key=True),
    Column("handled_at", Moment, nullable=False, server_default=func.now()),
    comment="Which handler has had its effect for which event; committed together with the effect.",
)

# As the view of both says what an entry is called, and which row it tells of.
_ENTRY = "(lpad(to_hex(id), 32, '0')::uuid)"
_ROW = """(
CASE
    WHEN (row_key ->> 'id'::text) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text THEN (row_key ->> 'id'::text)::uuid
    ELSE NULL::uuid
END)"""

audit_log = Table(
    "audit_log",
    tenant_metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("row_key", JSONB, comment="the key's columns; none where the whole table was emptied"),
    Column("operation", Text, nullable=False),
    Column("before", JSONB, comment="without what is encrypted or tells who a person is"),
    Column("after", JSONB, comment="without what is encrypted or tells who a person is"),
    Column("session_role", Text, nullable=False, comment="who had signed in to Postgres"),
    Column("effective_role", Text, nullable=False, comment="as whom they acted; none: as themselves"),
    Column("transaction_id", BigInteger, nullable=False),
    CheckConstraint("operation IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')", name="operation"),
    Index("audit_log_newest_idx", "at", text(_ENTRY)),
    Index("audit_log_operation_idx", "operation", "at", text(_ENTRY)),
    Index("audit_log_table_name_idx", "table_name", "at", text(_ENTRY)),
    Index("audit_log_row_idx", text(_ROW)),
    comment="Changes that came past the application, noted by triggers.",
)
