"""Where posts lie."""

from __future__ import annotations

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from app.shared.columns import aggregate_columns
from tenants.tables import Moment, tenant_metadata

posts = Table(
    "posts",
    tenant_metadata,
    *aggregate_columns(),
    Column("title", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("content", Text, nullable=False),
    Column("excerpt", Text),
    Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("scheduled_at", Moment),
    Column("published_at", Moment),
    Column("expires_at", Moment),
    Column("seo_title", Text),
    Column("seo_description", Text),
    Column("seo_keywords", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("featured_image_url", Text),
    Column("custom_fields", JSONB, nullable=False, server_default=text("'{}'")),
    Column("approval_status", Text, nullable=False),
    Column("approved_by", Uuid, ForeignKey("__tenant__.users.id")),
    Column("approved_at", Moment),
    Column("rejection_reason", Text),
    CheckConstraint(
        "status IN ('DRAFT', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'SCHEDULED', 'PUBLISHED', 'EXPIRED', 'ARCHIVED', 'DELETED')", name="status"
    ),
    CheckConstraint("approval_status IN ('NONE', 'PENDING', 'APPROVED', 'REJECTED')", name="approval_status"),
    Index("posts_author_id_idx", "author_id", text("id DESC")),
    Index("posts_status_idx", "status", text("id DESC")),
    Index("posts_newest_idx", text("published_at DESC"), text("id DESC")),
    Index("posts_updated_idx", text("updated_at DESC"), text("id DESC")),
    Index("posts_published_idx", text("published_at DESC"), text("id DESC"), postgresql_where=text("status = 'PUBLISHED'")),
    comment="The latest state of each post; its history is in domain_events.",
)

post_editors = Table(
    "post_editors",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("__tenant__.users.id"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
    comment="Who may edit a post besides its author.",
)

post_tags = Table(
    "post_tags",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", Uuid, ForeignKey("__tenant__.tags.id"), primary_key=True, index=True),
    comment="Which tags a post carries.",
)

publication_counts = Table(
    "publication_counts",
    tenant_metadata,
    Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), primary_key=True),
    Column("published", Integer, nullable=False),
    comment="How many posts of each author are published; kept by a reaction.",
)
