"""Where it lies who follows what."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

from tenants.tables import Moment, tenant_metadata


def _followers(column: str) -> Index:
    """Once each, and in their order for whoever tells them."""
    return Index(f"subscriptions_{column.removesuffix('_id')}_idx", column, "user_id", unique=True, postgresql_where=text(f"{column} IS NOT NULL"))


subscriptions = Table(
    "subscriptions",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("__tenant__.users.id", ondelete="CASCADE"), nullable=False),
    Column("target", Text, nullable=False, comment="what is followed; the organization has no column: it is always this one"),
    Column("author_id", Uuid, ForeignKey("__tenant__.users.id", ondelete="CASCADE")),
    Column("category_id", Uuid, ForeignKey("__tenant__.categories.id", ondelete="CASCADE")),
    Column("tag_id", Uuid, ForeignKey("__tenant__.tags.id", ondelete="CASCADE")),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("target IN ('ORGANIZATION', 'AUTHOR', 'CATEGORY', 'TAG')", name="target"),
    CheckConstraint(
        "(target = 'AUTHOR') = (author_id IS NOT NULL) AND (target = 'CATEGORY') = (category_id IS NOT NULL) "
        "AND (target = 'TAG') = (tag_id IS NOT NULL)",
        name="one_target",
    ),
    Index("subscriptions_organization_idx", "user_id", unique=True, postgresql_where=text("target = 'ORGANIZATION'")),
    _followers("author_id"),
    _followers("category_id"),
    _followers("tag_id"),
    Index("subscriptions_newest_idx", "user_id", text("created_at DESC"), text("id DESC")),
    comment="Who follows what.",
)
