"""Connect identity providers.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0015"
down_revision: str | None = "0014"

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
UNION ALL
 SELECT s.id, s.at, s.user_id AS actor_id, s.action, 'SignIn'::text AS aggregate_type, s.connection_id AS aggregate_id,
    s.correlation_id, s.details || jsonb_build_object('trace', s.trace, 'module', s.module) AS changes,
    false AS bypassed, NULL::text AS session_role, NULL::text AS effective_role
   FROM __tenant__.sign_in_events s
"""

AUDIT_ENTRIES_BEFORE = """\
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
    op.create_table(
        "connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="as addresses have it"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False, comment="on the button of the sign-in page"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="what the kind needs and may be read"),
        sa.Column("secrets", sa.LargeBinary(), nullable=False, comment="what the kind needs and may not: JSON under the organization's key"),
        sa.Column("create_people", sa.Boolean(), nullable=False, comment="whether somebody unknown gets an account"),
        sa.Column("default_role", sa.Text(), nullable=False),
        sa.Column(
            "group_roles",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="[[group, role] …], the first that fits counts",
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('saml', 'oidc', 'oauth2', 'ldap')", name=op.f("connections_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("connections_pkey")),
        sa.UniqueConstraint("name", name=op.f("connections_name_key")),
        schema="__tenant__",
        comment="Identity providers through which the organization's people sign in.",
    )
    op.create_table(
        "email_domains",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("email_domains_pkey")),
        schema="__tenant__",
        comment="Domains of e-mail addresses that the organization says are its own, and has proven so where verified_at is set.",
    )
    op.create_table(
        "handles",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="JSON under the organization's key"),
        sa.Column("browser", sa.LargeBinary(), nullable=True, comment="SHA-256 of the cookie of the browser it belongs to"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("handles_pkey")),
        schema="__tenant__",
        comment="What a sign-in under way has to remember, and what may come only once. Each is taken out by its one use.",
    )
    op.create_index(op.f("handles_expires_at_idx"), "handles", ["expires_at"], unique=False, schema="__tenant__")
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False, comment="blind index of the provider's id of the person"),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="what the provider said at the last sign-in: JSON under the person's key"),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["__tenant__.connections.id"], name=op.f("identities_connection_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("identities_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("identities_pkey")),
        sa.UniqueConstraint("connection_id", "subject_index", name=op.f("identities_connection_id_subject_index_key")),
        schema="__tenant__",
        comment="Whom a provider's person is here.",
    )
    op.create_index(op.f("identities_user_id_idx"), "identities", ["user_id"], unique=False, schema="__tenant__")
    op.create_table(
        "sign_in_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False, comment="short id, also on the person's error page"),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True, comment="of no constraint: what happened stays when the connection goes"),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="check, expected, found …; nothing personal in clear"),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("sign_in_events_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_events_pkey")),
        schema="__tenant__",
        comment="How signing in went, check by check; kept for 90 days.",
    )
    op.create_index("sign_in_events_at_idx", "sign_in_events", ["at", "id"], unique=False, schema="__tenant__")
    op.create_index("sign_in_events_trace_idx", "sign_in_events", ["trace"], unique=False, schema="__tenant__")
    op.create_index(op.f("sign_in_events_user_id_idx"), "sign_in_events", ["user_id"], unique=False, schema="__tenant__")
    op.add_column(
        "sessions",
        sa.Column(
            "connection_id",
            sa.Uuid(),
            nullable=True,
            comment="the identity provider they came through; of no constraint, since sessions outlive connections",
        ),
        schema="__tenant__",
    )
    op.add_column(
        "sessions",
        sa.Column("provider_session", sa.LargeBinary(), nullable=True, comment="SHA-256 of the provider's name for its session, for single logout"),
        schema="__tenant__",
    )
    op.create_index(
        "sessions_provider_session_idx",
        "sessions",
        ["provider_session"],
        unique=False,
        schema="__tenant__",
        postgresql_where=sa.text("provider_session IS NOT NULL"),
    )
    op.execute(AUDIT_ENTRIES)


def downgrade() -> None:
    op.execute(AUDIT_ENTRIES_BEFORE)
    op.drop_index(
        "sessions_provider_session_idx", table_name="sessions", schema="__tenant__", postgresql_where=sa.text("provider_session IS NOT NULL")
    )
    op.drop_column("sessions", "provider_session", schema="__tenant__")
    op.drop_column("sessions", "connection_id", schema="__tenant__")
    op.drop_index(op.f("sign_in_events_user_id_idx"), table_name="sign_in_events", schema="__tenant__")
    op.drop_index("sign_in_events_trace_idx", table_name="sign_in_events", schema="__tenant__")
    op.drop_index("sign_in_events_at_idx", table_name="sign_in_events", schema="__tenant__")
    op.drop_table("sign_in_events", schema="__tenant__")
    op.drop_index(op.f("identities_user_id_idx"), table_name="identities", schema="__tenant__")
    op.drop_table("identities", schema="__tenant__")
    op.drop_index(op.f("handles_expires_at_idx"), table_name="handles", schema="__tenant__")
    op.drop_table("handles", schema="__tenant__")
    op.drop_table("email_domains", schema="__tenant__")
    op.drop_table("connections", schema="__tenant__")
