"""Hold all links to the purposes there are.

Expand.
"""

from __future__ import annotations

from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
execution: str = "outside_transaction"


def upgrade() -> None:
    op.execute("ALTER TABLE __tenant__.links VALIDATE CONSTRAINT links_purpose_check")


def downgrade() -> None:
    """A constraint that holds may go on holding."""
