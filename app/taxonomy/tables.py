"""Where tags and categories lie."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, Uuid

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

tag_synonyms = Table(
    "tag_synonyms",
    tenant_metadata,
    Column("slug", Text, primary_key=True),
    Column("tag_id", Uuid, ForeignKey("__tenant__.tags.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    comment="Other words that lead to a tag; none of them is a tag itself.",
)

categories = Table(
    "categories",
    tenant_metadata,
    *aggregate_columns(),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("description", Text),
    Column("parent_id", Uuid, ForeignKey("__tenant__.categories.id")),
    Column("rank", BigInteger, nullable=False),
    Index("categories_siblings_idx", "parent_id", "rank"),
    comment="A tree. Siblings stand by rank, which leaves room between them; their position is counted when it is shown.",
)
