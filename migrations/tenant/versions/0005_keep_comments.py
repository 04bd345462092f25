"""Keep comments.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True, comment="nobody once it is deleted"),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False, comment="how many comments stand above it"),
        sa.Column("body", sa.Text(), nullable=False, comment="Markdown; empty once it is deleted"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("waits_because", sa.Text(), nullable=True, comment="why it waits for a moderator"),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True, comment="when readers first saw it"),
        sa.Column("moderated_by", sa.Uuid(), nullable=True),
        sa.Column("moderated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tombstone", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="deleted, and there are replies below it"),
        sa.CheckConstraint("status IN ('PENDING', 'APPROVED', 'REJECTED', 'DELETED')", name=op.f("comments_status_check")),
        sa.CheckConstraint("waits_because IN ('FIRST', 'ALL', 'SPAM')", name=op.f("comments_waits_because_check")),
        sa.ForeignKeyConstraint(["author_id"], ["__tenant__.users.id"], name=op.f("comments_author_id_fkey")),
        sa.ForeignKeyConstraint(["moderated_by"], ["__tenant__.users.id"], name=op.f("comments_moderated_by_fkey")),
        sa.ForeignKeyConstraint(["parent_id"], ["__tenant__.comments.id"], name=op.f("comments_parent_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("comments_post_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("comments_pkey")),
        schema="__tenant__",
        comment="The latest state of each comment; its history is in domain_events.",
    )
    op.create_index("comments_author_id_idx", "comments", ["author_id", sa.literal_column("created_at DESC")], unique=False, schema="__tenant__")
    op.create_index("comments_created_by_idx", "comments", ["created_by", sa.literal_column("created_at DESC")], unique=False, schema="__tenant__")
    op.create_index(
        "comments_newest_idx", "comments", [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")], unique=False, schema="__tenant__"
    )
    op.create_index("comments_parent_id_idx", "comments", ["parent_id", "created_at", "id"], unique=False, schema="__tenant__")
    op.create_index("comments_post_id_idx", "comments", ["post_id", "created_at", "id"], unique=False, schema="__tenant__")
    op.create_index(
        "comments_waiting_idx", "comments", ["created_at", "id"], unique=False, schema="__tenant__", postgresql_where=sa.text("status = 'PENDING'")
    )
    op.execute(
        "CREATE TRIGGER comments_emptying_witnessed AFTER TRUNCATE ON __tenant__.comments FOR EACH STATEMENT WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('comments', 'id')"
    )
    op.execute(
        "CREATE TRIGGER comments_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.comments FOR EACH ROW WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('comments', 'id')"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER comments_witnessed ON __tenant__.comments")
    op.execute("DROP TRIGGER comments_emptying_witnessed ON __tenant__.comments")
    op.drop_index("comments_waiting_idx", table_name="comments", schema="__tenant__", postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_index("comments_post_id_idx", table_name="comments", schema="__tenant__")
    op.drop_index("comments_parent_id_idx", table_name="comments", schema="__tenant__")
    op.drop_index("comments_newest_idx", table_name="comments", schema="__tenant__")
    op.drop_index("comments_created_by_idx", table_name="comments", schema="__tenant__")
    op.drop_index("comments_author_id_idx", table_name="comments", schema="__tenant__")
    op.drop_table("comments", schema="__tenant__")
