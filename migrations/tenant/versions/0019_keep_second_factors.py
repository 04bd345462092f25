"""Keep second factors.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"


def upgrade() -> None:
    op.create_table(
        "authenticators",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="of RFC 6238, under the person's key"),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "confirmed_at", sa.DateTime(timezone=True), nullable=True, comment="none: nobody has shown a code of it yet, and it counts for nothing"
        ),
        sa.Column("last_step", sa.BigInteger(), nullable=False, comment="the latest time step whose code was taken: no code works twice"),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("authenticators_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("authenticators_pkey")),
        schema="__tenant__",
        comment="The authenticator of each person who has one.",
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256"),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("recovery_codes_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "hash", name=op.f("recovery_codes_pkey")),
        schema="__tenant__",
        comment="Codes on paper, each good once, instead of an authenticator's.",
    )


def downgrade() -> None:
    op.drop_table("recovery_codes", schema="__tenant__")
    op.drop_table("authenticators", schema="__tenant__")
