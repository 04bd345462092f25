"""Give tokens to programs.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256"),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False, comment="at most these of their person's, at any time"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("api_tokens_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("api_tokens_pkey")),
        sa.UniqueConstraint("hash", name=op.f("api_tokens_hash_key")),
        schema="__tenant__",
        comment="Tokens that people make for their own programs.",
    )
    op.create_index(op.f("api_tokens_user_id_idx"), "api_tokens", ["user_id"], unique=False, schema="__tenant__")
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "redirect_uris", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False, comment="compared exactly; none for services"
        ),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True, comment="SHA-256; none for clients that can keep no secret"),
        sa.Column("user_id", sa.Uuid(), nullable=True, comment="the account a service acts as; none for front ends"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(user_id IS NULL) = (cardinality(redirect_uris) > 0)", name=op.f("clients_kind_check")),
        sa.CheckConstraint("user_id IS NULL OR secret_hash IS NOT NULL", name=op.f("clients_service_secret_check")),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("clients_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("client_id", name=op.f("clients_pkey")),
        sa.UniqueConstraint("name", name=op.f("clients_name_key")),
        schema="__tenant__",
        comment="Programs that get tokens: front ends by a code after somebody has signed in, services by their own secret.",
    )
    op.create_index(op.f("clients_user_id_idx"), "clients", ["user_id"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index(op.f("clients_user_id_idx"), table_name="clients", schema="__tenant__")
    op.drop_table("clients", schema="__tenant__")
    op.drop_index(op.f("api_tokens_user_id_idx"), table_name="api_tokens", schema="__tenant__")
    op.drop_table("api_tokens", schema="__tenant__")
