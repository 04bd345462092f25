"""Let guests comment.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# check: allow squawk:ban-drop-constraint because the one that takes its place admits all it admitted

revision: str = "0023"
down_revision: str | None = "0022"


def upgrade() -> None:
    op.execute("ALTER TABLE __tenant__.comments DROP CONSTRAINT comments_waits_because_check")
    op.create_table(
        "guest_turns",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False, comment="blind: an address, or a browser in a network"),
        sa.Column("number", sa.SmallInteger(), nullable=False, comment="of their comments of the day; what holds their number, at whatever haste"),
        sa.PrimaryKeyConstraint("day", "who", "number", name=op.f("guest_turns_pkey")),
        schema="__tenant__",
        comment="How often guests have commented today; let go of the day after.",
    )
    op.add_column(
        "comments",
        sa.Column(
            "guest_key",
            sa.LargeBinary(),
            nullable=True,
            comment="wrapped by the tenant's key; destroyed when the guest is erased or the comment deleted",
        ),
        schema="__tenant__",
    )
    op.add_column("comments", sa.Column("guest_name", sa.Text(), nullable=True), schema="__tenant__")
    op.add_column("comments", sa.Column("guest_email", sa.LargeBinary(), nullable=True, comment="encrypted under guest_key"), schema="__tenant__")
    op.add_column(
        "comments", sa.Column("guest_email_index", sa.LargeBinary(), nullable=True, comment="blind index under the tenant's key"), schema="__tenant__"
    )
    op.alter_column(
        "comments",
        "author_id",
        existing_type=sa.UUID(),
        comment="nobody where a guest wrote it, and once it is deleted",
        existing_comment="nobody once it is deleted",
        existing_nullable=True,
        schema="__tenant__",
    )
    op.create_index(
        "comments_guest_idx",
        "comments",
        ["guest_email_index", sa.literal_column("created_at DESC")],
        unique=False,
        schema="__tenant__",
        postgresql_where=sa.text("guest_email_index IS NOT NULL"),
    )
    op.execute(
        "ALTER TABLE __tenant__.comments ADD CONSTRAINT comments_waits_because_check CHECK ((waits_because = ANY "
        "(ARRAY['FIRST'::text, 'ALL'::text, 'SPAM'::text, 'GUEST'::text]))) NOT VALID"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE __tenant__.comments DROP CONSTRAINT comments_waits_because_check")
    op.drop_index("comments_guest_idx", table_name="comments", schema="__tenant__", postgresql_where=sa.text("guest_email_index IS NOT NULL"))
    op.alter_column(
        "comments",
        "author_id",
        existing_type=sa.UUID(),
        comment="nobody once it is deleted",
        existing_comment="nobody where a guest wrote it, and once it is deleted",
        existing_nullable=True,
        schema="__tenant__",
    )
    op.drop_column("comments", "guest_email_index", schema="__tenant__")
    op.drop_column("comments", "guest_email", schema="__tenant__")
    op.drop_column("comments", "guest_name", schema="__tenant__")
    op.drop_column("comments", "guest_key", schema="__tenant__")
    op.drop_table("guest_turns", schema="__tenant__")
    op.execute(
        "ALTER TABLE __tenant__.comments ADD CONSTRAINT comments_waits_because_check CHECK ((waits_because = ANY "
        "(ARRAY['FIRST'::text, 'ALL'::text, 'SPAM'::text]))) NOT VALID"
    )
