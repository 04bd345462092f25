"""Front ends and services that get tokens, and tokens that people make for their own programs; in each tenant's schema, secrets as hashes."""

from __future__ import annotations

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, LargeBinary, Table, Text, Uuid, func, text

from tenants.tables import Moment, tenant_metadata

_USER = "__tenant__.users.id"

clients = Table(
    "clients",
    tenant_metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("redirect_uris", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="compared exactly; none for services"),
    Column("secret_hash", LargeBinary, comment="SHA-256; none for clients that can keep no secret"),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), index=True, comment="the account a service acts as; none for front ends"),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("last_used_at", Moment),
    CheckConstraint("(user_id IS NULL) = (cardinality(redirect_uris) > 0)", name="kind"),
    CheckConstraint("user_id IS NULL OR secret_hash IS NOT NULL", name="service_secret"),
    comment="Programs that get tokens: front ends by a code after somebody has signed in, services by their own secret.",
)

api_tokens = Table(
    "api_tokens",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256"),
    Column("permissions", ARRAY(Text), nullable=False, comment="at most these of their person's, at any time"),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
    comment="Tokens that people make for their own programs.",
)
