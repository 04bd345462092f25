"""Where comments lie."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, Uuid, text

from app.shared.columns import aggregate_columns
from tenants.tables import Moment, tenant_metadata

comments = Table(
    "comments",
    tenant_metadata,
    *aggregate_columns(),
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id"), nullable=False),
    Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), comment="nobody once it is deleted"),
    Column("parent_id", Uuid, ForeignKey("__tenant__.comments.id")),
    Column("depth", Integer, nullable=False, comment="how many comments stand above it"),
    Column("body", Text, nullable=False, comment="Markdown; empty once it is deleted"),
    Column("status", Text, nullable=False),
    Column("waits_because", Text, comment="why it waits for a moderator"),
    Column("edited_at", Moment),
    Column("shown_at", Moment, comment="when readers first saw it"),
    Column("moderated_by", Uuid, ForeignKey("__tenant__.users.id")),
    Column("moderated_at", Moment),
    Column("tombstone", Boolean, nullable=False, server_default=text("false"), comment="deleted, and there are replies below it"),
    CheckConstraint("status IN ('PENDING', 'APPROVED', 'REJECTED', 'DELETED')", name="status"),
    CheckConstraint("waits_because IN ('FIRST', 'ALL', 'SPAM')", name="waits_because"),
    Index("comments_post_id_idx", "post_id", "created_at", "id"),
    Index("comments_parent_id_idx", "parent_id", "created_at", "id"),
    Index("comments_author_id_idx", "author_id", text("created_at DESC")),
    Index("comments_created_by_idx", "created_by", text("created_at DESC")),
    Index("comments_newest_idx", text("created_at DESC"), text("id DESC")),
    Index("comments_waiting_idx", "created_at", "id", postgresql_where=text("status = 'PENDING'")),
    comment="The latest state of each comment; its history is in domain_events.",
)
