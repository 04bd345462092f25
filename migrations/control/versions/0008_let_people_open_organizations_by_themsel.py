"""Let people open organizations by themselves.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    op.create_table(
        "sign_up_invitations",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="whose it is: the address under the key in realm_keys"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("sign_up_invitations_pkey")),
        schema="control",
        comment="Links with which operators let somebody ask for an organization; each is good for one.",
    )
    op.create_table(
        "sign_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="of the link that proves the address"),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="name and address: JSON under the key in realm_keys"),
        sa.Column("invitation", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'asked'"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was refused, for whoever asked"),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'confirmed', 'made', 'opened', 'refused')", name=op.f("sign_ups_state_check")),
        sa.ForeignKeyConstraint(["invitation"], ["control.sign_up_invitations.hash"], name=op.f("sign_ups_invitation_fkey"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_ups_pkey")),
        sa.UniqueConstraint("hash", name=op.f("sign_ups_hash_key")),
        schema="control",
        comment="Asked for, confirmed by the link, made by a worker (or refused), opened by whoever asked.",
    )
    op.create_index(
        "sign_ups_confirmed_idx", "sign_ups", ["next_attempt_at"], unique=False, schema="control", postgresql_where=sa.text("state = 'confirmed'")
    )
    op.create_index("sign_ups_expires_at_idx", "sign_ups", ["expires_at"], unique=False, schema="control")
    op.create_index("sign_ups_invitation_idx", "sign_ups", ["invitation"], unique=False, schema="control")
    op.create_index("sign_ups_slug_idx", "sign_ups", ["slug"], unique=False, schema="control")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON control.sign_ups, control.sign_up_invitations TO __login__")


def downgrade() -> None:
    op.drop_index("sign_ups_slug_idx", table_name="sign_ups", schema="control")
    op.drop_index("sign_ups_invitation_idx", table_name="sign_ups", schema="control")
    op.drop_index("sign_ups_expires_at_idx", table_name="sign_ups", schema="control")
    op.drop_index("sign_ups_confirmed_idx", table_name="sign_ups", schema="control", postgresql_where=sa.text("state = 'confirmed'"))
    op.drop_table("sign_ups", schema="control")
    op.drop_table("sign_up_invitations", schema="control")
