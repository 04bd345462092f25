"""Let the server change of operators what they change themselves.

No server before this one changes anything else of them.

Contract.
"""

from __future__ import annotations

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    # Whose account it is, and who made it, the login role cannot say.
    op.execute("REVOKE UPDATE ON control.operators FROM __login__")
    op.execute("GRANT UPDATE (password_hash, secret, last_step, last_at, link_hash, link_until) ON control.operators TO __login__")


def downgrade() -> None:
    op.execute("GRANT UPDATE ON control.operators TO __login__")
