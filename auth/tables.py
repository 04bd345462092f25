"""Where credentials, sessions, refresh tokens and one-time links lie, in each tenant's schema, as hashes or sealed; and the keys that sign."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB

from tenants.tables import Moment, control_metadata, tenant_metadata

_USER = "__tenant__.users.id"

credentials = Table(
    "credentials",
    tenant_metadata,
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), primary_key=True),
    Column("password_hash", Text, nullable=False, comment="argon2id in PHC string format"),
    Column("changed_at", Moment, nullable=False, server_default=func.now()),
    comment="What people prove themselves with.",
)

sessions = Table(
    "sessions",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("secret_hash", LargeBinary, unique=True, comment="SHA-256 of the cookie's value; none where refresh tokens hold the session"),
    Column("amr", ARRAY(Text), nullable=False, comment="authentication methods (RFC 8176)"),
    Column("auth_time", Moment, nullable=False),
    Column("elevated_at", Moment, comment="when its person last proved again who they are; none: not since they signed in"),
    Column("client_id", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("address", INET),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("last_seen_at", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("connection_id", Uuid, comment="the identity provider they came through; of no constraint, since sessions outlive connections"),
    Column("provider_session", LargeBinary, comment="SHA-256 of the provider's name for its session, for single logout"),
    CheckConstraint("kind IN ('browser', 'api')", name="kind"),
    Index("sessions_provider_session_idx", "provider_session", postgresql_where=text("provider_session IS NOT NULL")),
    Index("sessions_expires_at_idx", "expires_at"),
    comment="Who is signed in, from where, until when.",
)

refresh_tokens = Table(
    "refresh_tokens",
    tenant_metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("session_id", Uuid, ForeignKey("__tenant__.sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("client", LargeBinary, nullable=False, comment="SHA-256 of what tells one client from another"),
    Column("issued_at", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("successor", LargeBinary, comment="the token that took its place, under the tenant's key; for a client that asks twice"),
    comment="One session's refresh tokens are one family; using an old one again ends it.",
)

remembered_devices = Table(
    "remembered_devices",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), nullable=False, index=True),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the cookie's value, which is another after each use"),
    Column("user_agent", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    comment="Devices on which somebody is not asked for their second factor.",
)

links = Table(
    "links",
    tenant_metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    CheckConstraint("purpose IN ('invitation', 'reset', 'address')", name="purpose"),
    Index("links_open_idx", "expires_at", postgresql_where=text("used_at IS NULL")),
    comment="Links that work once: to accept an invitation, to choose a new password, to confirm an address.",
)

sign_ins = Table(
    "sign_ins",
    tenant_metadata,
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), primary_key=True),
    Column("last_at", Moment, nullable=False),
    comment="When each person signed in last.",
)

signing_keys = Table(
    "signing_keys",
    control_metadata,
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("private_key", LargeBinary, nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("signs_from", Moment, nullable=False),
    Column("retired_at", Moment),
    comment="Keys that sign access tokens; the private part is encrypted under the installation's key.",
)
