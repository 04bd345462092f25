"""Remember what was done under a key.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="of the key, whose it is, and the field it was sent for"),
        sa.Column("request", sa.LargeBinary(), nullable=False, comment="hash of what was asked: another request may not use the key"),
        sa.Column(
            "outcome",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what it did, without what it reads; null only within the transaction that does it",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("idempotency_keys_pkey")),
        schema="__tenant__",
        comment="Mutations that were done under a key, so that the same one sent again is answered and not done again.",
    )
    op.create_index("idempotency_keys_created_at_idx", "idempotency_keys", ["created_at"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index("idempotency_keys_created_at_idx", table_name="idempotency_keys", schema="__tenant__")
    op.drop_table("idempotency_keys", schema="__tenant__")
