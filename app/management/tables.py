"""Where the organization's own row lies."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from app.shared.columns import aggregate_columns
from tenants.tables import tenant_metadata

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
