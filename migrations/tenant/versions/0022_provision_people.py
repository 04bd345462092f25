"""Provision people.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"


def upgrade() -> None:
    op.create_table(
        "scim_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, comment="the name without case, which no two groups of a provider share"),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["__tenant__.connections.id"], name=op.f("scim_groups_connection_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("scim_groups_pkey")),
        sa.UniqueConstraint("connection_id", "name_key", name=op.f("scim_groups_connection_id_name_key_key")),
        schema="__tenant__",
        comment="Groups of a provider, from which roles follow by the connection's rules.",
    )
    op.create_table(
        "scim_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256"),
        sa.Column("created_by", sa.Uuid(), nullable=True, comment="the administrator; none where an operator made it"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["__tenant__.connections.id"], name=op.f("scim_tokens_connection_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("scim_tokens_pkey")),
        sa.UniqueConstraint("hash", name=op.f("scim_tokens_hash_key")),
        schema="__tenant__",
        comment="Tokens with which identity providers provision people; two of a connection may be good at once.",
    )
    op.create_index(op.f("scim_tokens_connection_id_idx"), "scim_tokens", ["connection_id"], unique=False, schema="__tenant__")
    op.create_table(
        "scim_users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_name_index", sa.LargeBinary(), nullable=False, comment="blind index of userName in lower case"),
        sa.Column("external_id_index", sa.LargeBinary(), nullable=True, comment="blind index of externalId"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="what the provider says of them: JSON under the person's key"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["__tenant__.connections.id"], name=op.f("scim_users_connection_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("scim_users_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("scim_users_pkey")),
        sa.UniqueConstraint("connection_id", "user_id", name=op.f("scim_users_connection_id_user_id_key")),
        sa.UniqueConstraint("connection_id", "user_name_index", name=op.f("scim_users_connection_id_user_name_index_key")),
        schema="__tenant__",
        comment="People whom a provider has provisioned.",
    )
    op.create_index("scim_users_external_id_index_idx", "scim_users", ["connection_id", "external_id_index"], unique=False, schema="__tenant__")
    op.create_index("scim_users_user_id_idx", "scim_users", ["user_id"], unique=False, schema="__tenant__")
    op.create_table(
        "scim_members",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id", "user_id"],
            ["__tenant__.scim_users.connection_id", "__tenant__.scim_users.user_id"],
            name=op.f("scim_members_connection_id_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["__tenant__.scim_groups.id"], name=op.f("scim_members_group_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("scim_members_pkey")),
        schema="__tenant__",
        comment="Who is in which of a provider's groups.",
    )
    op.create_index("scim_members_user_idx", "scim_members", ["connection_id", "user_id"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index("scim_members_user_idx", table_name="scim_members", schema="__tenant__")
    op.drop_table("scim_members", schema="__tenant__")
    op.drop_index("scim_users_user_id_idx", table_name="scim_users", schema="__tenant__")
    op.drop_index("scim_users_external_id_index_idx", table_name="scim_users", schema="__tenant__")
    op.drop_table("scim_users", schema="__tenant__")
    op.drop_index(op.f("scim_tokens_connection_id_idx"), table_name="scim_tokens", schema="__tenant__")
    op.drop_table("scim_tokens", schema="__tenant__")
    op.drop_table("scim_groups", schema="__tenant__")
