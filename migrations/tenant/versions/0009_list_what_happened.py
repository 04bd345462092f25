"""List what happened and what came past the application.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# check: allow squawk:require-concurrent-index-deletion because it takes a moment, within lock_timeout, and the new index serves its readers too
revision: str = "0009"
down_revision: str | None = "0008"

AUDIT_ENTRIES = """\
CREATE OR REPLACE VIEW __tenant__.audit_entries WITH (security_invoker=true) AS
 SELECT e.id, e.occurred_at AS at, e.user_id AS actor_id, e.event_type AS action, e.aggregate_type, e.aggregate_id,
    e.correlation_id, e.event_data AS changes, false AS bypassed, NULL::text AS session_role,
    NULL::text AS effective_role
   FROM __tenant__.domain_events e
UNION ALL
 SELECT lpad(to_hex(l.id), 32, '0'::text)::uuid AS id, l.at, NULL::uuid AS actor_id, l.operation AS action,
    l.table_name AS aggregate_type,
        CASE
            WHEN (l.row_key ->> 'id'::text) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text THEN (l.row_key ->> 'id'::text)::uuid
            ELSE NULL::uuid
        END AS aggregate_id,
    NULL::uuid AS correlation_id, jsonb_build_object('key', l.row_key, 'before', l.before, 'after', l.after) AS changes,
    true AS bypassed, l.session_role, l.effective_role
   FROM __tenant__.audit_log l
"""


def upgrade() -> None:
    op.create_index(
        "audit_log_newest_idx", "audit_log", ["at", sa.literal_column("(lpad(to_hex(id), 32, '0')::uuid)")], unique=False, schema="__tenant__"
    )
    op.drop_index(op.f("domain_events_occurred_at_idx"), table_name="domain_events", schema="__tenant__")
    op.create_index("domain_events_newest_idx", "domain_events", ["occurred_at", "id"], unique=False, schema="__tenant__")
    op.execute(AUDIT_ENTRIES)


def downgrade() -> None:
    op.execute("DROP VIEW __tenant__.audit_entries")
    op.drop_index("domain_events_newest_idx", table_name="domain_events", schema="__tenant__")
    op.create_index(op.f("domain_events_occurred_at_idx"), "domain_events", ["occurred_at"], unique=False, schema="__tenant__")
    op.drop_index("audit_log_newest_idx", table_name="audit_log", schema="__tenant__")
