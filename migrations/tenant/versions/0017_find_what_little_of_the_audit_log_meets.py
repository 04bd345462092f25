"""Find what little of the audit log meets a filter.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# check: allow squawk:require-concurrent-index-deletion because it takes a moment, within lock_timeout, and the new index serves its readers too
revision: str = "0017"
down_revision: str | None = "0016"

# As audit_entries says which row an entry tells of, in Postgres's words.
ROW = """(
CASE
    WHEN (row_key ->> 'id'::text) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text THEN (row_key ->> 'id'::text)::uuid
    ELSE NULL::uuid
END)"""


def upgrade() -> None:
    op.create_index(
        "audit_log_operation_idx",
        "audit_log",
        ["operation", "at", sa.literal_column("(lpad(to_hex(id), 32, '0')::uuid)")],
        unique=False,
        schema="__tenant__",
    )
    op.create_index(
        "audit_log_row_idx",
        "audit_log",
        [sa.literal_column(ROW)],
        unique=False,
        schema="__tenant__",
    )
    op.create_index(
        "audit_log_table_name_idx",
        "audit_log",
        ["table_name", "at", sa.literal_column("(lpad(to_hex(id), 32, '0')::uuid)")],
        unique=False,
        schema="__tenant__",
    )
    op.drop_index(op.f("domain_events_type_time_idx"), table_name="domain_events", schema="__tenant__")
    op.create_index("domain_events_aggregate_type_idx", "domain_events", ["aggregate_type", "occurred_at", "id"], unique=False, schema="__tenant__")
    op.create_index("domain_events_event_type_idx", "domain_events", ["event_type", "occurred_at", "id"], unique=False, schema="__tenant__")
    op.create_index(
        "domain_events_user_id_idx",
        "domain_events",
        ["user_id", "occurred_at", "id"],
        unique=False,
        schema="__tenant__",
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_index("sign_in_events_action_idx", "sign_in_events", ["action", "at", "id"], unique=False, schema="__tenant__")
    op.create_index("sign_in_events_connection_id_idx", "sign_in_events", ["connection_id"], unique=False, schema="__tenant__")
    op.create_index("sign_in_events_correlation_id_idx", "sign_in_events", ["correlation_id"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index("sign_in_events_correlation_id_idx", table_name="sign_in_events", schema="__tenant__")
    op.drop_index("sign_in_events_connection_id_idx", table_name="sign_in_events", schema="__tenant__")
    op.drop_index("sign_in_events_action_idx", table_name="sign_in_events", schema="__tenant__")
    op.drop_index("domain_events_user_id_idx", table_name="domain_events", schema="__tenant__", postgresql_where=sa.text("user_id IS NOT NULL"))
    op.drop_index("domain_events_event_type_idx", table_name="domain_events", schema="__tenant__")
    op.drop_index("domain_events_aggregate_type_idx", table_name="domain_events", schema="__tenant__")
    op.create_index(op.f("domain_events_type_time_idx"), "domain_events", ["event_type", "occurred_at"], unique=False, schema="__tenant__")
    op.drop_index("audit_log_table_name_idx", table_name="audit_log", schema="__tenant__")
    op.drop_index("audit_log_row_idx", table_name="audit_log", schema="__tenant__")
    op.drop_index("audit_log_operation_idx", table_name="audit_log", schema="__tenant__")
