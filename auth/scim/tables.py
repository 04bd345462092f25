"""Tokens of provisioning clients, and the people and groups they have told of; in each tenant's schema, tokens as hashes, people sealed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid, func

from tenants.tables import Moment, tenant_metadata

_CONNECTION = "__tenant__.connections.id"

scim_tokens = Table(
    "scim_tokens",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("connection_id", Uuid, ForeignKey(_CONNECTION, ondelete="CASCADE"), nullable=False, index=True),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256"),
    Column("created_by", Uuid, comment="the administrator; none where an operator made it"),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
    comment="Tokens with which identity providers provision people; two of a connection may be good at once.",
)

scim_users = Table(
    "scim_users",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("connection_id", Uuid, ForeignKey(_CONNECTION, ondelete="CASCADE"), nullable=False),
    Column("user_id", Uuid, ForeignKey("__tenant__.users.id", ondelete="CASCADE"), nullable=False),
    Column("user_name_index", LargeBinary, nullable=False, comment="blind index of userName in lower case"),
    Column("external_id_index", LargeBinary, comment="blind index of externalId"),
    Column("sealed", LargeBinary, nullable=False, comment="what the provider says of them: JSON under the person's key"),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("connection_id", "user_id"),
    UniqueConstraint("connection_id", "user_name_index"),
    Index("scim_users_external_id_index_idx", "connection_id", "external_id_index"),
    Index("scim_users_user_id_idx", "user_id"),
    comment="People whom a provider has provisioned.",
)

scim_groups = Table(
    "scim_groups",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("connection_id", Uuid, ForeignKey(_CONNECTION, ondelete="CASCADE"), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("name_key", Text, nullable=False, comment="the name without case, which no two groups of a provider share"),
    Column("external_id", Text),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("connection_id", "name_key"),
    comment="Groups of a provider, from which roles follow by the connection's rules.",
)

scim_members = Table(
    "scim_members",
    tenant_metadata,
    Column("group_id", Uuid, ForeignKey("__tenant__.scim_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("connection_id", Uuid, nullable=False),
    ForeignKeyConstraint(["connection_id", "user_id"], ["__tenant__.scim_users.connection_id", "__tenant__.scim_users.user_id"], ondelete="CASCADE"),
    Index("scim_members_user_idx", "connection_id", "user_id"),
    comment="Who is in which of a provider's groups.",
)
