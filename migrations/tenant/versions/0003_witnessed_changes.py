"""Note changes that came past the application.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"

WITNESS = """\
CREATE OR REPLACE FUNCTION __tenant__.witness()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
        DECLARE
          withheld text[] := pg_catalog.string_to_array(coalesce(TG_ARGV[2], ''), ',');
          was jsonb := pg_catalog.to_jsonb(OLD);
          became jsonb := pg_catalog.to_jsonb(NEW);
        BEGIN
          INSERT INTO __tenant__.audit_log
            (table_name, row_key, operation, before, after, session_role, effective_role, at, transaction_id)
          VALUES (
            TG_ARGV[0],
            (SELECT pg_catalog.jsonb_object_agg(part, coalesce(was, became) -> part) FROM pg_catalog.unnest(pg_catalog.string_to_array(TG_ARGV[1], ',')) part
             WHERE coalesce(was, became) IS NOT NULL),
            TG_OP, was - withheld, became - withheld,
            session_user, pg_catalog.current_setting('role'), pg_catalog.clock_timestamp(),
            pg_catalog.pg_current_xact_id()::text::bigint
          );
          RETURN NULL;
        END $function$
"""  # noqa: E501 - as Postgres words it

# Each table with its key's columns and, where there are any, those that are noted nowhere.
WITNESSED = {
    "domain_events": "'id', 'event_data,metadata'",
    "organization": "'id'",
    "roles": "'id'",
    "users": "'id', 'username,name,avatar_url,email,email_index,person_key'",
    "tags": "'id'",
    "posts": "'id'",
    "post_editors": "'post_id,user_id'",
    "post_tags": "'post_id,tag_id'",
}
PAST_THE_APPLICATION = "(coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))"


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column(
            "row_key", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="the key's columns; none where the whole table was emptied"
        ),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="without what is encrypted or tells who a person is"),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="without what is encrypted or tells who a person is"),
        sa.Column("session_role", sa.Text(), nullable=False, comment="who had signed in to Postgres"),
        sa.Column("effective_role", sa.Text(), nullable=False, comment="as whom they acted; none: as themselves"),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("operation IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')", name=op.f("audit_log_operation_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_log_pkey")),
        schema="__tenant__",
        comment="Changes that came past the application, noted by triggers.",
    )
    op.execute("REVOKE INSERT, UPDATE, DELETE ON __tenant__.audit_log FROM __role__")
    op.execute(WITNESS)
    for table, arguments in WITNESSED.items():
        key = arguments.partition(", ")[0]
        op.execute(
            f"CREATE TRIGGER {table}_emptying_witnessed AFTER TRUNCATE ON __tenant__.{table} "
            f"WHEN {PAST_THE_APPLICATION} EXECUTE FUNCTION __tenant__.witness('{table}', {key})"
        )
        op.execute(
            f"CREATE TRIGGER {table}_witnessed AFTER INSERT OR UPDATE OR DELETE ON __tenant__.{table} FOR EACH ROW "
            f"WHEN {PAST_THE_APPLICATION} EXECUTE FUNCTION __tenant__.witness('{table}', {arguments})"
        )


def downgrade() -> None:
    for table in WITNESSED:
        op.execute(f"DROP TRIGGER {table}_witnessed ON __tenant__.{table}")
        op.execute(f"DROP TRIGGER {table}_emptying_witnessed ON __tenant__.{table}")
    op.drop_table("audit_log", schema="__tenant__")
    op.execute("DROP FUNCTION __tenant__.witness()")
