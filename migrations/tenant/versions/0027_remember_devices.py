"""Remember devices.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"


def upgrade() -> None:
    op.create_table(
        "remembered_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie's value, which is another after each use"),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("remembered_devices_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("remembered_devices_pkey")),
        sa.UniqueConstraint("hash", name=op.f("remembered_devices_hash_key")),
        schema="__tenant__",
        comment="Devices on which somebody is not asked for their second factor.",
    )
    op.create_index(op.f("remembered_devices_user_id_idx"), "remembered_devices", ["user_id"], schema="__tenant__")
    op.create_index(op.f("remembered_devices_expires_at_idx"), "remembered_devices", ["expires_at"], schema="__tenant__")


def downgrade() -> None:
    op.drop_table("remembered_devices", schema="__tenant__")
