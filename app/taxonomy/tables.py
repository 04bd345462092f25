"""Where tags lie."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from app.shared.columns import aggregate_columns
from tenants.tables import tenant_metadata

tags = Table(
    "tags",
    tenant_metadata,
    *aggregate_columns(),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    comment="Words that posts carry; two tags never share a slug.",
)
