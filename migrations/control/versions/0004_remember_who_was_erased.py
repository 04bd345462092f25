"""Remember outside of organizations who was erased, so that an older copy does not bring them back.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role", sa.Text(), server_default=sa.text("(CURRENT_USER)::text"), nullable=False, comment="the organization's, filled by the database"
        ),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("erasures_pkey")),
        schema="control",
        comment="People who were erased, by nothing but their ids; kept for ever, so that an older copy does not bring them back.",
    )
    op.execute("GRANT INSERT (user_id) ON control.erasures TO __tenants__")
