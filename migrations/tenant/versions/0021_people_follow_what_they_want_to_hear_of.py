"""People follow what they want to hear of.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False, comment="what is followed; the organization has no column: it is always this one"),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("tag_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(target = 'AUTHOR') = (author_id IS NOT NULL) AND (target = 'CATEGORY') = (category_id IS NOT NULL) "
            "AND (target = 'TAG') = (tag_id IS NOT NULL)",
            name=op.f("subscriptions_one_target_check"),
        ),
        sa.CheckConstraint("target IN ('ORGANIZATION', 'AUTHOR', 'CATEGORY', 'TAG')", name=op.f("subscriptions_target_check")),
        sa.ForeignKeyConstraint(["author_id"], ["__tenant__.users.id"], name=op.f("subscriptions_author_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["category_id"], ["__tenant__.categories.id"], name=op.f("subscriptions_category_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tag_id"], ["__tenant__.tags.id"], name=op.f("subscriptions_tag_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("subscriptions_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("subscriptions_pkey")),
        schema="__tenant__",
        comment="Who follows what.",
    )
    op.create_index(
        "subscriptions_author_idx",
        "subscriptions",
        ["author_id", "user_id"],
        unique=True,
        schema="__tenant__",
        postgresql_where=sa.text("author_id IS NOT NULL"),
    )
    op.create_index(
        "subscriptions_category_idx",
        "subscriptions",
        ["category_id", "user_id"],
        unique=True,
        schema="__tenant__",
        postgresql_where=sa.text("category_id IS NOT NULL"),
    )
    op.create_index(
        "subscriptions_newest_idx",
        "subscriptions",
        ["user_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="__tenant__",
    )
    op.create_index(
        "subscriptions_organization_idx",
        "subscriptions",
        ["user_id"],
        unique=True,
        schema="__tenant__",
        postgresql_where=sa.text("target = 'ORGANIZATION'"),
    )
    op.create_index(
        "subscriptions_tag_idx",
        "subscriptions",
        ["tag_id", "user_id"],
        unique=True,
        schema="__tenant__",
        postgresql_where=sa.text("tag_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("subscriptions_tag_idx", table_name="subscriptions", schema="__tenant__", postgresql_where=sa.text("tag_id IS NOT NULL"))
    op.drop_index(
        "subscriptions_organization_idx", table_name="subscriptions", schema="__tenant__", postgresql_where=sa.text("target = 'ORGANIZATION'")
    )
    op.drop_index("subscriptions_newest_idx", table_name="subscriptions", schema="__tenant__")
    op.drop_index("subscriptions_category_idx", table_name="subscriptions", schema="__tenant__", postgresql_where=sa.text("category_id IS NOT NULL"))
    op.drop_index("subscriptions_author_idx", table_name="subscriptions", schema="__tenant__", postgresql_where=sa.text("author_id IS NOT NULL"))
    op.drop_table("subscriptions", schema="__tenant__")
