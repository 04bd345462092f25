"""Where the organization's own row lies."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, MetaData, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from app.shared.columns import aggregate_columns
from tenants.naming import TENANT_SCHEMA
from tenants.tables import Moment, tenant_metadata

organization = Table(
    "organization",
    tenant_metadata,
    *aggregate_columns(),
    Column("slug", Text, nullable=False, comment="as the registry has it; told by event when it changes"),
    Column("tier", Text, nullable=False, comment="as the registry has it; told by event when it changes"),
    Column("name", Text, nullable=False),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    Column("branding", JSONB, nullable=False, server_default=text("'{}'")),
    Column("policies", JSONB, nullable=False, server_default=text("'{}'")),
    comment="One row: the organization as its people see it.",
)

# A view (sql/audit_entries.sql): what happened and what came past the application.
audit_entries = Table(
    "audit_entries",
    MetaData(schema=TENANT_SCHEMA),
    Column("id", Uuid, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor_id", Uuid),
    Column("action", Text, nullable=False),
    Column("aggregate_type", Text, nullable=False),
    Column("aggregate_id", Uuid),
    Column("correlation_id", Uuid),
    Column("changes", JSONB, nullable=False),
    Column("bypassed", Boolean, nullable=False),
    Column("session_role", Text),
    Column("effective_role", Text),
)
