"""Anchor histories.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.create_table(
        "anchors",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("aggregates", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="over all anchored heads in the order of their ids"),
        sa.Column("signature", sa.LargeBinary(), nullable=False, comment="with a key that no database holds"),
        sa.ForeignKeyConstraint(["organization_id"], ["control.organizations.id"], name=op.f("anchors_organization_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("anchors_pkey")),
        schema="control",
        comment="How far each organization's history was known to reach, out of that organization's reach.",
    )
    op.create_table(
        "anchored_heads",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_type", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["control.anchors.organization_id"], name=op.f("anchored_heads_organization_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "aggregate_id", name=op.f("anchored_heads_pkey")),
        schema="control",
        comment="The last event of each aggregate when its organization was last anchored.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON control.anchors, control.anchored_heads TO __login__")


def downgrade() -> None:
    op.drop_table("anchored_heads", schema="control")
    op.drop_table("anchors", schema="control")
