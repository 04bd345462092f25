"""Let what Postgres notes of people's names be noted anew when somebody is erased.

Expand.
"""

from __future__ import annotations

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"

ANALYZE_USERS = """\
CREATE OR REPLACE FUNCTION __tenant__.analyze_users()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
        BEGIN
          ANALYZE __tenant__.users;
        END $function$
"""


def upgrade() -> None:
    op.execute(ANALYZE_USERS)


def downgrade() -> None:
    op.execute("DROP FUNCTION __tenant__.analyze_users()")
