"""Operators' accounts.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    op.create_table(
        "operators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="in small letters; the name under which the audit knows them"),
        sa.Column("password_hash", sa.Text(), comment="argon2id in PHC string format; none: nobody has followed the link yet"),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="of RFC 6238, under the installation's key"),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="the latest time step whose code was taken"),
        sa.Column("link_hash", sa.LargeBinary(), comment="SHA-256 of the link's value; none: it was followed"),
        sa.Column("link_until", sa.DateTime(timezone=True)),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), comment="their last sign-in"),
        sa.PrimaryKeyConstraint("id", name=op.f("operators_pkey")),
        sa.UniqueConstraint("email", name=op.f("operators_email_key")),
        sa.UniqueConstraint("link_hash", name=op.f("operators_link_hash_key")),
        schema="control",
        comment="Who may look at the operators' console.",
    )
    op.create_table(
        "operator_sessions",
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie's value"),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["control.operators.id"], name=op.f("operator_sessions_operator_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("operator_sessions_pkey")),
        schema="control",
        comment="Where operators are signed in.",
    )
    op.create_index("operator_sessions_operator_id_idx", "operator_sessions", ["operator_id"], unique=False, schema="control")
    # Who is an operator, the login role cannot say: rows come and go by the owner alone.
    op.execute("GRANT SELECT, UPDATE ON control.operators TO __login__")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON control.operator_sessions TO __login__")
    op.execute("GRANT SELECT, INSERT ON control.operator_audit TO __login__")


def downgrade() -> None:
    op.execute("REVOKE SELECT, INSERT ON control.operator_audit FROM __login__")
    op.drop_table("operator_sessions", schema="control")
    op.drop_table("operators", schema="control")
