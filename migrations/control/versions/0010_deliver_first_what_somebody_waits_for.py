"""Deliver first what somebody waits for.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    op.add_column(
        "deliveries",
        sa.Column("awaited", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="somebody waits for it: taken before the others"),
        schema="control",
    )


def downgrade() -> None:
    op.drop_column("deliveries", "awaited", schema="control")
