"""The ledger of migrations, the stock, tombstones and former slugs, domains' challenges, quotas, the operators' audit.

Expand.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"

NOW = sa.text("now()")


def upgrade() -> None:
    _organizations()
    _domains()
    _names_that_stay_taken()
    _stock()
    _runs()
    _pending_indexes()
    _audit()
    _rights()
    _registry_changes()


def _organizations() -> None:
    what_finishes_it = "who finishes or removes it when it was left half-made"
    columns: list[sa.Column[Any]] = [
        sa.Column("origin", sa.Text(), server_default=sa.text("'created'"), nullable=False, comment=what_finishes_it),
        sa.Column(
            "quotas",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="limit by name; a name that is missing has none",
        ),
        sa.Column("suspended_because", sa.Text(), nullable=True, comment="what the operator wrote down; not shown to outsiders"),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True, comment="when its grace began"),
        sa.Column("deleted_from", sa.Text(), nullable=True, comment="the status that undelete gives back"),
        sa.Column("purge_after", sa.DateTime(timezone=True), nullable=True, comment="when the grace of a deleted organization ends"),
        sa.Column("purge_began_at", sa.DateTime(timezone=True), nullable=True, comment="from here on there is no way back"),
    ]
    for column in columns:
        op.add_column("organizations", column, schema="control")
    # check: allow constraint-not-valid because the registry has one row for each organization, which are read in milliseconds.
    op.create_check_constraint(op.f("organizations_origin_check"), "organizations", "origin IN ('created', 'imported', 'cloned')", schema="control")


def _domains() -> None:
    """Two organizations may claim a host; the one that proves it has it."""
    op.add_column(
        "domains",
        sa.Column("challenge", sa.Text(), server_default=sa.text("''"), nullable=False, comment="what the TXT record must say"),
        schema="control",
    )
    # check: allow squawk:ban-drop-constraint because the wider key takes its place in the same transaction.
    # check: allow unique-constraint-on-existing-table because there are a few hosts at most for each organization.
    # check: allow index-on-existing-table because there are a few hosts at most for each organization.
    op.drop_constraint("domains_pkey", "domains", schema="control")
    op.create_primary_key("domains_pkey", "domains", ["host", "organization_id"], schema="control")
    op.create_index("domains_verified_key", "domains", ["host"], unique=True, schema="control", postgresql_where=sa.text("verified_at IS NOT NULL"))


def _names_that_stay_taken() -> None:
    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False, comment="no foreign key: the slug stays taken when the organization is gone"),
        sa.Column("given_up_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("former_slugs_pkey")),
        schema="control",
        comment="Slugs that an organization once had; no other ever gets them.",
    )
    op.create_index(op.f("former_slugs_organization_id_idx"), "former_slugs", ["organization_id"], unique=False, schema="control")
    op.create_table(
        "tombstones",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("tombstones_pkey")),
        sa.UniqueConstraint("role", name=op.f("tombstones_role_key")),
        sa.UniqueConstraint("schema", name=op.f("tombstones_schema_key")),
        schema="control",
        comment="Organizations that were purged; nothing is ever made under these names again.",
    )
    op.execute(
        """
        CREATE FUNCTION control.slug_is_free() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
        BEGIN
          IF EXISTS (SELECT FROM control.former_slugs f WHERE f.slug = NEW.slug AND f.organization_id <> NEW.id) THEN
            RAISE unique_violation USING CONSTRAINT = 'former_slugs_pkey', MESSAGE = format('the slug %s was another organization''s', NEW.slug);
          END IF;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER organizations_slug_is_free AFTER INSERT OR UPDATE OF slug ON control.organizations "
        "FOR EACH ROW EXECUTE FUNCTION control.slug_is_free()"
    )


def _stock() -> None:
    op.create_table(
        "stock",
        sa.Column("organization_id", sa.Uuid(), nullable=False, comment="the id that the organization claiming it will have"),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("stock_pkey")),
        sa.UniqueConstraint("role", name=op.f("stock_role_key")),
        sa.UniqueConstraint("schema", name=op.f("stock_schema_key")),
        schema="control",
        comment="Schemas and roles made beforehand, waiting for an organization.",
    )


def _runs() -> None:
    op.create_table(
        "migration_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("to_revision", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False, comment="user@host and process"),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it did not end as done"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("command IN ('up', 'down', 'stamp')", name=op.f("migration_runs_command_check")),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'halted', 'interrupted')", name=op.f("migration_runs_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("migration_runs_pkey")),
        schema="control",
        comment="Every run of the migration runner that changed something or tried to.",
    )
    op.create_index("migration_runs_newest_idx", "migration_runs", [sa.literal_column("started_at DESC")], unique=False, schema="control")
    op.create_table(
        "migration_results",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("from_revision", sa.Text(), nullable=True),
        sa.Column("to_revision", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("error", sa.Text(), nullable=True, comment="none: done"),
        sa.Column("finished_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["control.migration_runs.id"], name=op.f("migration_results_run_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "organization_id", name=op.f("migration_results_pkey")),
        schema="control",
        comment="What a run did to each tenant; a tenant that was done says so in the transaction that did it.",
    )
    op.create_index("migration_results_latest_idx", "migration_results", ["organization_id", "finished_at"], unique=False, schema="control")


def _pending_indexes() -> None:
    op.create_table(
        "pending_indexes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False, comment="with tokens in place of the tenant's names"),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True, comment="why the last attempt failed"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["control.organizations.id"], name=op.f("pending_indexes_organization_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "name", name=op.f("pending_indexes_pkey")),
        schema="control",
        comment="Indexes on large tables that a tenant's revision asks for and that are built beside its work, one at a time.",
    )


def _audit() -> None:
    op.create_table(
        "operator_audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("operator_audit_pkey")),
        schema="control",
        comment="What operators did; written in the transaction that did it.",
    )
    op.create_index("operator_audit_organization_idx", "operator_audit", ["organization_id", "at"], unique=False, schema="control")


def _rights() -> None:
    op.execute("GRANT SELECT (quotas) ON control.organizations TO __tenants__")
    op.execute("GRANT SELECT ON control.former_slugs, control.stock, control.migration_runs, control.migration_results TO __login__")
    op.execute("GRANT SELECT ON control.pending_indexes TO __login__")


def _registry_changes() -> None:
    """A changed revision alone is announced by the runner, many tenants at a time: the one counter's row would make them wait for each other."""
    op.execute("DROP TRIGGER organizations_changed ON control.organizations")
    op.execute(
        "CREATE TRIGGER organizations_changed AFTER INSERT OR DELETE OR UPDATE OF slug, name, status, tier, schema, role, wrapped_key, quotas "
        "ON control.organizations FOR EACH STATEMENT EXECUTE FUNCTION control.registry_changed()"
    )
    op.execute(
        "CREATE TRIGGER former_slugs_changed AFTER INSERT OR UPDATE OR DELETE ON control.former_slugs "
        "FOR EACH STATEMENT EXECUTE FUNCTION control.registry_changed()"
    )
