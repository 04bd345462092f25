"""Find an organization's events by when they happened: how many it has had today.

Expand.
"""

from __future__ import annotations

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.create_index("domain_events_occurred_at_idx", "domain_events", ["occurred_at"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index("domain_events_occurred_at_idx", table_name="domain_events", schema="__tenant__")
