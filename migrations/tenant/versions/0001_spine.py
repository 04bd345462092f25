"""Events, users, roles, posts, tags and the organization's own row.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "domain_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_type", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_version", sa.SmallInteger(), nullable=False),
        sa.Column("event_data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("causation_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence_number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("domain_events_pkey")),
        sa.UniqueConstraint("aggregate_id", "aggregate_version", name=op.f("domain_events_aggregate_id_aggregate_version_key")),
        sa.UniqueConstraint("sequence_number", name=op.f("domain_events_sequence_number_key")),
        schema="__tenant__",
        comment="Everything that ever happened to this organization's aggregates, in the order of each; append-only.",
    )
    op.create_index("domain_events_correlation_id_idx", "domain_events", ["correlation_id"], unique=False, schema="__tenant__")
    op.create_index("domain_events_type_time_idx", "domain_events", ["event_type", "occurred_at"], unique=False, schema="__tenant__")
    op.create_table(
        "handled",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "handler", name=op.f("handled_pkey")),
        schema="__tenant__",
        comment="Which handler has had its effect for which event; committed together with the effect.",
    )
    op.create_table(
        "organization",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False, comment="as the registry has it; told by event when it changes"),
        sa.Column("tier", sa.Text(), nullable=False, comment="as the registry has it; told by event when it changes"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("branding", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("policies", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("organization_pkey")),
        schema="__tenant__",
        comment="One row: the organization as its people see it.",
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("roles_pkey")),
        sa.UniqueConstraint("name", name=op.f("roles_name_key")),
        schema="__tenant__",
        comment="What each role may do; editable per organization.",
    )
    op.create_table(
        "tags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("tags_pkey")),
        sa.UniqueConstraint("slug", name=op.f("tags_slug_key")),
        schema="__tenant__",
        comment="Words that posts carry; two tags never share a slug.",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True, comment="encrypted under person_key"),
        sa.Column("email_index", sa.LargeBinary(), nullable=True, comment="blind index under the tenant's key"),
        sa.Column("person_key", sa.LargeBinary(), nullable=True, comment="wrapped by the tenant's key; destroyed when the person is erased"),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False, comment="extra grants"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('invited', 'active', 'suspended', 'removed', 'erased')", name=op.f("users_status_check")),
        sa.ForeignKeyConstraint(["role"], ["__tenant__.roles.name"], name=op.f("users_role_fkey"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pkey")),
        sa.UniqueConstraint("email_index", name=op.f("users_email_index_key")),
        sa.UniqueConstraint("username", name=op.f("users_username_key")),
        schema="__tenant__",
        comment="The people of the organization.",
    )
    op.create_index(op.f("users_role_idx"), "users", ["role"], unique=False, schema="__tenant__")
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["__tenant__.domain_events.id"], name=op.f("notifications_event_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("notifications_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("notifications_pkey")),
        schema="__tenant__",
        comment="What a person is told inside the product.",
    )
    op.create_index(
        "notifications_user_newest_idx",
        "notifications",
        ["user_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="__tenant__",
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seo_title", sa.Text(), nullable=True),
        sa.Column("seo_description", sa.Text(), nullable=True),
        sa.Column("seo_keywords", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("featured_image_url", sa.Text(), nullable=True),
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("approval_status", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("approval_status IN ('NONE', 'PENDING', 'APPROVED', 'REJECTED')", name=op.f("posts_approval_status_check")),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'SCHEDULED', 'PUBLISHED', 'EXPIRED', 'ARCHIVED', 'DELETED')",
            name=op.f("posts_status_check"),
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["__tenant__.users.id"], name=op.f("posts_approved_by_fkey")),
        sa.ForeignKeyConstraint(["author_id"], ["__tenant__.users.id"], name=op.f("posts_author_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("posts_pkey")),
        sa.UniqueConstraint("slug", name=op.f("posts_slug_key")),
        schema="__tenant__",
        comment="The latest state of each post; its history is in domain_events.",
    )
    op.create_index("posts_author_id_idx", "posts", ["author_id", sa.literal_column("id DESC")], unique=False, schema="__tenant__")
    newest: list[sa.ColumnElement[object]] = [sa.literal_column("published_at DESC"), sa.literal_column("id DESC")]
    updated: list[sa.ColumnElement[object]] = [sa.literal_column("updated_at DESC"), sa.literal_column("id DESC")]
    op.create_index("posts_newest_idx", "posts", newest, unique=False, schema="__tenant__")
    op.create_index("posts_updated_idx", "posts", updated, unique=False, schema="__tenant__")
    op.create_index(
        "posts_published_idx",
        "posts",
        [sa.literal_column("published_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="__tenant__",
        postgresql_where=sa.text("status = 'PUBLISHED'"),
    )
    op.create_index("posts_status_idx", "posts", ["status", sa.literal_column("id DESC")], unique=False, schema="__tenant__")
    op.create_table(
        "publication_counts",
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["__tenant__.users.id"], name=op.f("publication_counts_author_id_fkey")),
        sa.PrimaryKeyConstraint("author_id", name=op.f("publication_counts_pkey")),
        schema="__tenant__",
        comment="How many posts of each author are published; kept by a reaction.",
    )
    op.create_table(
        "post_editors",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_editors_post_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("post_editors_user_id_fkey")),
        sa.PrimaryKeyConstraint("post_id", "user_id", name=op.f("post_editors_pkey")),
        schema="__tenant__",
        comment="Who may edit a post besides its author.",
    )
    op.create_index(op.f("post_editors_user_id_idx"), "post_editors", ["user_id"], unique=False, schema="__tenant__")
    op.create_table(
        "post_tags",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_tags_post_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tag_id"], ["__tenant__.tags.id"], name=op.f("post_tags_tag_id_fkey")),
        sa.PrimaryKeyConstraint("post_id", "tag_id", name=op.f("post_tags_pkey")),
        schema="__tenant__",
        comment="Which tags a post carries.",
    )
    op.create_index(op.f("post_tags_tag_id_idx"), "post_tags", ["tag_id"], unique=False, schema="__tenant__")
    _signing_in()
    op.execute("REVOKE UPDATE, DELETE ON __tenant__.domain_events FROM __role__")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON __tenant__.alembic_version FROM __role__")


def _signing_in() -> None:
    op.create_table(
        "credentials",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id in PHC string format"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("credentials_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("credentials_pkey")),
        schema="__tenant__",
        comment="What people prove themselves with.",
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "secret_hash", sa.LargeBinary(), nullable=True, comment="SHA-256 of the cookie's value; none where refresh tokens hold the session"
        ),
        sa.Column("amr", sa.ARRAY(sa.Text()), nullable=False, comment="authentication methods (RFC 8176)"),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('browser', 'api')", name=op.f("sessions_kind_check")),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("sessions_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("sessions_pkey")),
        sa.UniqueConstraint("secret_hash", name=op.f("sessions_secret_hash_key")),
        schema="__tenant__",
        comment="Who is signed in, from where, until when.",
    )
    op.create_index("sessions_expires_at_idx", "sessions", ["expires_at"], unique=False, schema="__tenant__")
    op.create_index(op.f("sessions_user_id_idx"), "sessions", ["user_id"], unique=False, schema="__tenant__")
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.LargeBinary(), nullable=False, comment="SHA-256 of what tells one client from another"),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "successor",
            sa.LargeBinary(),
            nullable=True,
            comment="the token that took its place, under the tenant's key; for a client that asks twice",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["__tenant__.sessions.id"], name=op.f("refresh_tokens_session_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("refresh_tokens_pkey")),
        schema="__tenant__",
        comment="One session's refresh tokens are one family; using an old one again ends it.",
    )
    op.create_index(op.f("refresh_tokens_session_id_idx"), "refresh_tokens", ["session_id"], unique=False, schema="__tenant__")
    op.create_table(
        "links",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('invitation', 'reset')", name=op.f("links_purpose_check")),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("links_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("links_pkey")),
        schema="__tenant__",
        comment="Links that work once: to accept an invitation, to choose a new password.",
    )
    op.create_index("links_open_idx", "links", ["expires_at"], unique=False, schema="__tenant__", postgresql_where=sa.text("used_at IS NULL"))
    op.create_index(op.f("links_user_id_idx"), "links", ["user_id"], unique=False, schema="__tenant__")
