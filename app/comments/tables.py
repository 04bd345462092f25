"""Where comments lie."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, text

from app.shared.columns import aggregate_columns
from tenants.tables import Moment, tenant_metadata

comments = Table(
    "comments",
    tenant_metadata,
    *aggregate_columns(),
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id"), nullable=False),
    Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), comment="nobody where a guest wrote it, and once it is deleted"),
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
    Column("guest_key", LargeBinary, comment="wrapped by the tenant's key; destroyed when the guest is erased or the comment deleted"),
    Column("guest_name", Text),
    Column("guest_email", LargeBinary, comment="encrypted under guest_key"),
    Column("guest_email_index", LargeBinary, comment="blind index under the tenant's key"),
    CheckConstraint("status IN ('PENDING', 'APPROVED', 'REJECTED', 'DELETED')", name="status"),
    CheckConstraint("waits_because IN ('FIRST', 'ALL', 'SPAM', 'GUEST')", name="waits_because"),
    Index("comments_post_id_idx", "post_id", "created_at", "id"),
    Index("comments_parent_id_idx", "parent_id", "created_at", "id"),
    Index("comments_author_id_idx", "author_id", text("created_at DESC")),
    Index("comments_created_by_idx", "created_by", text("created_at DESC")),
    Index("comments_newest_idx", text("created_at DESC"), text("id DESC")),
    Index("comments_waiting_idx", "created_at", "id", postgresql_where=text("status = 'PENDING'")),
    Index("comments_guest_idx", "guest_email_index", text("created_at DESC"), postgresql_where=text("guest_email_index IS NOT NULL")),
    comment="The latest state of each comment; its history is in domain_events.",
)

guest_turns = Table(
    "guest_turns",
    tenant_metadata,
    Column("day", Date, primary_key=True),
    Column("who", LargeBinary, primary_key=True, comment="blind: an address, or a browser in a network"),
    Column("number", SmallInteger, primary_key=True, comment="of their comments of the day; what holds their number, at whatever haste"),
    comment="How often guests have commented today; let go of the day after.",
)
