"""Hold all comments to the reasons there are for waiting.

Expand.
"""

from __future__ import annotations

from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
execution: str = "outside_transaction"


def upgrade() -> None:
    op.execute("ALTER TABLE __tenant__.comments VALIDATE CONSTRAINT comments_waits_because_check")


def downgrade() -> None:
    """A constraint that holds may go on holding."""
