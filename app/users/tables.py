"""Where users, roles and notifications lie."""

from __future__ import annotations

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from app.shared.columns import aggregate_columns
from tenants.tables import Moment, tenant_metadata

roles = Table(
    "roles",
    tenant_metadata,
    *aggregate_columns(),
    Column("name", Text, nullable=False, unique=True),
    Column("permissions", ARRAY(Text), nullable=False),
    comment="What each role may do; editable per organization.",
)

users = Table(
    "users",
    tenant_metadata,
    *aggregate_columns(),
    Column("username", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("email", LargeBinary, comment="encrypted under person_key"),
    Column("email_index", LargeBinary, unique=True, comment="blind index under the tenant's key"),
    Column("person_key", LargeBinary, comment="wrapped by the tenant's key; destroyed when the person is erased"),
    Column("new_email", LargeBinary, comment="encrypted under person_key; counts once it is confirmed"),
    Column("email_verified_at", Moment),
    Column("avatar_url", Text),
    Column("bio", Text),
    Column("website", Text),
    Column("job_title", Text),
    Column("pronouns", Text),
    Column("phone", LargeBinary, comment="encrypted under person_key"),
    Column("location", LargeBinary, comment="encrypted under person_key"),
    Column("language", LargeBinary, comment="encrypted under person_key"),
    Column("time_zone", LargeBinary, comment="encrypted under person_key"),
    Column("notification_channels", ARRAY(Text), nullable=False, server_default=text("'{IN_APP,EMAIL}'")),
    Column("role", Text, ForeignKey("__tenant__.roles.name", onupdate="CASCADE"), nullable=False, index=True),
    Column("permissions", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="extra grants"),
    Column("status", Text, nullable=False),
    CheckConstraint("status IN ('invited', 'active', 'suspended', 'removed', 'erased')", name="status"),
    comment="The people of the organization.",
)

notifications = Table(
    "notifications",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("__tenant__.users.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("event_id", Uuid, ForeignKey("__tenant__.domain_events.id"), nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("data", JSONB, nullable=False, server_default=text("'{}'")),
    Column("read_at", Moment),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Index("notifications_user_newest_idx", "user_id", text("created_at DESC"), text("id DESC")),
    comment="What a person is told inside the product.",
)
