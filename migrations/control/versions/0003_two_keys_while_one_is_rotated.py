"""Let an organization have two keys while one takes the other's place.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"

_CHECKS = {
    "organizations_other_key_is_check": "other_key_is IN ('coming', 'going')",
    "organizations_other_key_check": "(other_key IS NULL) = (other_key_is IS NULL)",
}


def upgrade() -> None:
    other_key_is = "coming: nothing is under it yet; going: what is under it is brought under the new one"
    op.add_column(
        "organizations",
        sa.Column("other_key", sa.LargeBinary(), nullable=True, comment="opens and finds as well, while the key is rotated"),
        schema="control",
    )
    op.add_column("organizations", sa.Column("other_key_is", sa.Text(), nullable=True, comment=other_key_is), schema="control")
    for name, condition in _CHECKS.items():
        # check: allow constraint-not-valid because the registry has one row for each organization, which are read in milliseconds.
        op.create_check_constraint(op.f(name), "organizations", condition, schema="control")
    op.execute("DROP TRIGGER organizations_changed ON control.organizations")
    op.execute(
        "CREATE TRIGGER organizations_changed "
        "AFTER INSERT OR DELETE OR UPDATE OF slug, name, status, tier, schema, role, wrapped_key, other_key, quotas "
        "ON control.organizations FOR EACH STATEMENT EXECUTE FUNCTION control.registry_changed()"
    )
