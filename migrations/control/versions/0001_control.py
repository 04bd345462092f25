"""The registry, the outbox and its deliveries, timers, leases and signing keys.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("singleton", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("role_prefix", sa.Text(), nullable=False),
        sa.Column("registry_version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("singleton", name=op.f("installation_singleton_check")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("installation_pkey")),
        schema="control",
        comment="One row: what keeps this installation apart, and a number that rises whenever the registry changes.",
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("leases_pkey")),
        schema="control",
        comment="Who may do a thing that only one process should; whoever is late loses it.",
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), server_default=sa.text("'basic'"), nullable=False),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('provisioning', 'active', 'suspended', 'deleting')", name=op.f("organizations_status_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("organizations_pkey")),
        sa.UniqueConstraint("role", name=op.f("organizations_role_key")),
        sa.UniqueConstraint("schema", name=op.f("organizations_schema_key")),
        sa.UniqueConstraint("slug", name=op.f("organizations_slug_key")),
        schema="control",
        comment="Every organization: its address, its place, and its key wrapped by the installation's.",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), server_default=sa.text("(CURRENT_USER)::text"), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expanded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
        schema="control",
        comment="One row per committed event; `role` is filled by the database, so no tenant can speak for another.",
    )
    op.create_index(
        "outbox_pending_idx",
        "outbox",
        ["role", "aggregate_version", "id"],
        unique=False,
        schema="control",
        postgresql_where=sa.text("expanded_at IS NULL"),
    )
    op.create_index(
        "outbox_order_idx",
        "outbox",
        ["role", "aggregate_id", "aggregate_version"],
        unique=False,
        schema="control",
        postgresql_where=sa.text("expanded_at IS NULL"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("signs_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("signing_keys_pkey")),
        schema="control",
        comment="Keys that sign access tokens; the private part is encrypted under the installation's key.",
    )
    op.create_table(
        "timers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), server_default=sa.text("(CURRENT_USER)::text"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("timers_pkey")),
        schema="control",
        comment="What is due later, on the database's clock; written in the transaction that decided it.",
    )
    op.create_index("timers_due_idx", "timers", ["due_at"], unique=False, schema="control", postgresql_where=sa.text("fired_at IS NULL"))
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "crashed",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="its worker died or hung: tried again apart from other such",
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'quarantined', 'archived')", name=op.f("deliveries_state_check")),
        sa.ForeignKeyConstraint(["organization_id"], ["control.organizations.id"], name=op.f("deliveries_organization_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("deliveries_pkey")),
        sa.UniqueConstraint("organization_id", "event_id", "handler", name=op.f("deliveries_organization_id_event_id_handler_key")),
        schema="control",
        comment="One row per organization, event and handler: who still has to hear of it, how often it was tried, what went wrong.",
    )
    op.create_index(
        "deliveries_deadline_idx", "deliveries", ["deadline"], unique=False, schema="control", postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(
        "deliveries_due_idx",
        "deliveries",
        ["organization_id", "next_attempt_at"],
        unique=False,
        schema="control",
        postgresql_where=sa.text("state = 'waiting' AND published_at IS NULL"),
    )
    op.create_index(
        "deliveries_in_flight_idx",
        "deliveries",
        ["published_at"],
        unique=False,
        schema="control",
        postgresql_where=sa.text("state IN ('waiting', 'running') AND published_at IS NOT NULL"),
    )
    op.create_index(
        "deliveries_order_idx",
        "deliveries",
        ["organization_id", "aggregate_id", "handler", "aggregate_version"],
        unique=False,
        schema="control",
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "domains",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["control.organizations.id"], name=op.f("domains_organization_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("host", name=op.f("domains_pkey")),
        schema="control",
        comment="Hosts of their own that organizations brought; only verified ones are served.",
    )
    op.create_index(op.f("domains_organization_id_idx"), "domains", ["organization_id"], unique=False, schema="control")
    _let_tenants_in()
    _let_the_server_in()
    _count_registry_changes()


def _let_tenants_in() -> None:
    """All that a tenant's role may do here: say that something happened, ask for a timer, read its own row."""
    op.execute("GRANT USAGE ON SCHEMA control TO __tenants__")
    op.execute("GRANT INSERT (id, event_id, event_type, aggregate_id, aggregate_version, correlation_id, trace) ON control.outbox TO __tenants__")
    op.execute("GRANT INSERT (id, kind, subject_id, due_at, data) ON control.timers TO __tenants__")
    op.execute("GRANT SELECT (id, slug, name, status, tier, schema, role, revision, created_at) ON control.organizations TO __tenants__")
    op.execute("ALTER TABLE control.organizations ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY own ON control.organizations FOR SELECT TO __tenants__ USING (role = current_user)")
    op.execute("CREATE POLICY registry ON control.organizations FOR SELECT TO __login__ USING (true)")


def _let_the_server_in() -> None:
    """What the server's login role needs at rest: the registry, the relay's tables, signing keys. No tenant's data."""
    op.execute("GRANT USAGE ON SCHEMA control TO __login__")
    op.execute("GRANT SELECT ON control.installation, control.organizations, control.domains, control.alembic_version TO __login__")
    op.execute("GRANT SELECT, INSERT, UPDATE ON control.signing_keys TO __login__")
    op.execute("GRANT SELECT, UPDATE, DELETE ON control.outbox, control.timers TO __login__")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON control.deliveries, control.leases TO __login__")


def _count_registry_changes() -> None:
    """Every process polls this number to learn that what it remembers of organizations and domains is old."""
    op.execute(
        """
        CREATE FUNCTION control.registry_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
        BEGIN
          UPDATE control.installation SET registry_version = registry_version + 1;
          RETURN NULL;
        END $$
        """
    )
    for table in ("organizations", "domains"):
        op.execute(
            f"CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE ON control.{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION control.registry_changed()"
        )
