"""The two sets of tables: `control`, one for the installation, and the tenant's, one copy in each tenant's schema.

Tenant tables of every package hang on the one `tenant_metadata`, whose schema is a token until a statement is sent.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
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

from tenants.statements import TENANT_SCHEMA

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

installation = Table(
    "installation",
    control_metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    Column("role_prefix", Text, nullable=False),
    Column("registry_version", BigInteger, nullable=False, server_default=text("1")),
    CheckConstraint("singleton", name="singleton"),
    comment="One row: what keeps this installation apart, and a number that rises whenever the registry changes.",
)

organizations = Table(
    "organizations",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("tier", Text, nullable=False, server_default=text("'basic'")),
    Column("schema", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False, unique=True),
    Column("revision", Text),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("updated_at", Moment, nullable=False, server_default=func.now()),
    CheckConstraint("status IN ('provisioning', 'active', 'suspended', 'deleting')", name="status"),
    comment="Every organization: its address, its place, and its key wrapped by the installation's.",
)

domains = Table(
    "domains",
    control_metadata,
    Column("host", Text, primary_key=True),
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("verified_at", Moment),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    comment="Hosts of their own that organizations brought; only verified ones are served.",
)

signing_keys = Table(
    "signing_keys",
    control_metadata,
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("private_key", LargeBinary, nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("signs_from", Moment, nullable=False),
    Column("retired_at", Moment),
    comment="Keys that sign access tokens; the private part is encrypted under the installation's key.",
)

outbox = Table(
    "outbox",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("role", Text, nullable=False, server_default=text("(CURRENT_USER)::text")),
    Column("event_id", Uuid, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("aggregate_version", Integer, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("trace", Text),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("expanded_at", Moment),
    Index("outbox_pending_idx", "role", "aggregate_version", "id", postgresql_where=text("expanded_at IS NULL")),
    Index("outbox_order_idx", "role", "aggregate_id", "aggregate_version", postgresql_where=text("expanded_at IS NULL")),
    comment="One row per committed event; `role` is filled by the database, so no tenant can speak for another.",
)

deliveries = Table(
    "deliveries",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("aggregate_version", Integer, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("trace", Text),
    Column("handler", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("next_attempt_at", Moment, nullable=False, server_default=func.now()),
    Column("published_at", Moment),
    Column("deadline", Moment),
    Column("crashed", Boolean, nullable=False, server_default=text("false"), comment="its worker died or hung: tried again apart from other such"),
    Column("error", Text),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("done_at", Moment),
    UniqueConstraint("organization_id", "event_id", "handler"),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'quarantined', 'archived')", name="state"),
    Index("deliveries_due_idx", "organization_id", "next_attempt_at", postgresql_where=text("state = 'waiting' AND published_at IS NULL")),
    Index("deliveries_in_flight_idx", "published_at", postgresql_where=text("state IN ('waiting', 'running') AND published_at IS NOT NULL")),
    Index(
        "deliveries_order_idx",
        "organization_id",
        "aggregate_id",
        "handler",
        "aggregate_version",
        postgresql_where=text("state IN ('waiting', 'running')"),
    ),
    Index("deliveries_deadline_idx", "deadline", postgresql_where=text("state = 'running'")),
    comment="One row per organization, event and handler: who still has to hear of it, how often it was tried, what went wrong.",
)

timers = Table(
    "timers",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("role", Text, nullable=False, server_default=text("(CURRENT_USER)::text")),
    Column("kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("data", JSONB, nullable=False, server_default=text("'{}'")),
    Column("fired_at", Moment),
    Index("timers_due_idx", "due_at", postgresql_where=text("fired_at IS NULL")),
    comment="What is due later, on the database's clock; written in the transaction that decided it.",
)

leases = Table(
    "leases",
    control_metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Moment, nullable=False),
    comment="Who may do a thing that only one process should; whoever is late loses it.",
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
    Index("domain_events_type_time_idx", "event_type", "occurred_at"),
    Index("domain_events_correlation_id_idx", "correlation_id"),
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
