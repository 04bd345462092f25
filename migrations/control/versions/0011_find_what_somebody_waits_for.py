"""Find what somebody waits for.

Expand.
"""

from __future__ import annotations

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"

execution: str = "outside_transaction"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS deliveries_awaited_idx ON control.deliveries (organization_id, next_attempt_at) "
        "WHERE awaited AND state = 'waiting' AND published_at IS NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS control.deliveries_awaited_idx")
