"""Know when somebody proved again who they are.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column(
            "elevated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its person last proved again who they are; none: not since they signed in",
        ),
        schema="__tenant__",
    )


def downgrade() -> None:
    op.drop_column("sessions", "elevated_at", schema="__tenant__")
