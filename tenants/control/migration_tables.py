"""Runs of the migration runner, and what they left to be built."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from tenants.tables import Moment, control_metadata

migration_runs = Table(
    "migration_runs",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("command", Text, nullable=False),
    Column("to_revision", Text, nullable=False),
    Column("holder", Text, nullable=False, comment="user@host and process"),
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default=text("'running'")),
    Column("reason", Text, comment="why it did not end as done"),
    Column("started_at", Moment, nullable=False, server_default=func.now()),
    Column("ended_at", Moment),
    CheckConstraint("command IN ('up', 'down', 'stamp')", name="command"),
    CheckConstraint("state IN ('running', 'done', 'failed', 'halted', 'interrupted')", name="state"),
    Index("migration_runs_newest_idx", text("started_at DESC")),
    comment="Every run of the migration runner that changed something or tried to.",
)

migration_results = Table(
    "migration_results",
    control_metadata,
    Column("run_id", Uuid, ForeignKey("control.migration_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("organization_id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("from_revision", Text),
    Column("to_revision", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("error", Text, comment="none: done"),
    Column("finished_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Index("migration_results_latest_idx", "organization_id", "finished_at"),
    comment="What a run did to each tenant; a tenant that was done says so in the transaction that did it.",
)

pending_indexes = Table(
    "pending_indexes",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("statement", Text, nullable=False, comment="with tokens in place of the tenant's names"),
    Column("revision", Text, nullable=False),
    Column("error", Text, comment="why the last attempt failed"),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    comment="Indexes on large tables that a tenant's revision asks for and that are built beside its work, one at a time.",
)
