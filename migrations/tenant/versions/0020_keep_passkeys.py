"""Keep passkeys.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False, comment="as the device calls it"),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False, comment="random; what the device calls the person"),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="COSE (RFC 9052)"),
        sa.Column("rp_id", sa.Text(), nullable=False, comment="the host it was made at; it works at no other"),
        sa.Column("sign_count", sa.BigInteger(), nullable=False, comment="what the device has counted; never less than before"),
        sa.Column("synced", sa.Boolean(), nullable=False, comment="may exist on several devices"),
        sa.Column("transports", sa.ARRAY(sa.Text()), nullable=False, comment="hints for browsers: usb, internal, hybrid …"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("passkeys_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("passkeys_pkey")),
        sa.UniqueConstraint("credential_id", name=op.f("passkeys_credential_id_key")),
        schema="__tenant__",
        comment="Keys on people's devices (Web Authentication): a second factor, and a way in without a password.",
    )
    op.create_index(op.f("passkeys_user_id_idx"), "passkeys", ["user_id"], schema="__tenant__")


def downgrade() -> None:
    op.drop_table("passkeys", schema="__tenant__")
