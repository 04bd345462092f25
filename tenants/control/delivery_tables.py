"""What goes out, what is due, and which process sees to it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from tenants.tables import Moment, control_metadata

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
    Column("awaited", Boolean, nullable=False, server_default=text("false"), comment="somebody waits for it: taken before the others"),
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
    Index(
        "deliveries_awaited_idx",
        "organization_id",
        "next_attempt_at",
        postgresql_where=text("awaited AND state = 'waiting' AND published_at IS NULL"),
    ),
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
