"""Find organizations by address.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    op.create_table(
        "front_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="to whom and what for: JSON under the key in realm_keys"),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("front_letters_pkey")),
        schema="control",
        comment="Letters that were asked for at the installation's own address; a worker finds out whether there is anything to say.",
    )
    op.create_index(op.f("front_letters_next_attempt_at_idx"), "front_letters", ["next_attempt_at"], unique=False, schema="control")
    op.create_table(
        "realm_domains",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "role", sa.Text(), server_default=sa.text("(CURRENT_USER)::text"), nullable=False, comment="the organization's, filled by the database"
        ),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False, comment="or given up"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("realm_domains_pkey")),
        schema="control",
        comment="Which organization proved which domain of e-mail addresses, or gave it up; the latest counts. Organizations only add to it.",
    )
    op.create_index(
        "realm_domains_domain_idx",
        "realm_domains",
        ["domain", "role", sa.literal_column("at DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="control",
    )
    op.create_index("realm_domains_role_idx", "realm_domains", ["role"], unique=False, schema="control")
    op.create_table(
        "realm_keys",
        sa.Column("singleton", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("singleton", name=op.f("realm_keys_singleton_check")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("realm_keys_pkey")),
        schema="control",
        comment="One row: the key of indexes and of what waits sealed here, wrapped by the installation's.",
    )
    op.create_table(
        "home_realms",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=True, comment="blind index of the address of somebody active; none of everybody else"),
        sa.Column("version", sa.Integer(), nullable=False, comment="theirs, when this was so: what is older never takes its place"),
        sa.ForeignKeyConstraint(["organization_id"], ["control.organizations.id"], name=op.f("home_realms_organization_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("home_realms_pkey")),
        schema="control",
        comment="In which organizations an address signs in, by nothing that could be read.",
    )
    op.create_index(op.f("home_realms_email_index_idx"), "home_realms", ["email_index"], unique=False, schema="control")
    op.create_table(
        "realm_standings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["control.organizations.id"], name=op.f("realm_standings_organization_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("realm_standings_pkey")),
        schema="control",
        comment="Organizations whose people and domains were all looked at once; from then on events keep them.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON control.front_letters, control.home_realms, control.realm_standings TO __login__")
    op.execute("GRANT SELECT, INSERT, UPDATE ON control.realm_keys TO __login__")
    op.execute("GRANT SELECT, INSERT ON control.realm_domains TO __login__")
    op.execute("GRANT INSERT (id, domain, proven) ON control.realm_domains TO __tenants__")


def downgrade() -> None:
    op.drop_table("realm_standings", schema="control")
    op.drop_index(op.f("home_realms_email_index_idx"), table_name="home_realms", schema="control")
    op.drop_table("home_realms", schema="control")
    op.drop_table("realm_keys", schema="control")
    op.drop_index("realm_domains_role_idx", table_name="realm_domains", schema="control")
    op.drop_index("realm_domains_domain_idx", table_name="realm_domains", schema="control")
    op.drop_table("realm_domains", schema="control")
    op.drop_index(op.f("front_letters_next_attempt_at_idx"), table_name="front_letters", schema="control")
    op.drop_table("front_letters", schema="control")
