"""Anchor the history.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    op.create_table(
        "history_anchors",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("aggregates", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("history_anchors_pkey")),
        schema="__tenant__",
        comment="Every anchor of this organization's history, as it also stands outside of it; append-only.",
    )
    op.execute("REVOKE UPDATE, DELETE ON __tenant__.history_anchors FROM __role__")


def downgrade() -> None:
    op.drop_table("history_anchors", schema="__tenant__")
