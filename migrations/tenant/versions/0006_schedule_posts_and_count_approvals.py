"""Schedule posts and count approvals.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    op.create_table(
        "post_approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_approvals_post_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("post_approvals_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("post_approvals_pkey")),
        sa.UniqueConstraint("post_id", "user_id", name=op.f("post_approvals_post_id_user_id_key")),
        schema="__tenant__",
        comment="Who approved a post, in this round of review.",
    )
    op.create_index(op.f("post_approvals_user_id_idx"), "post_approvals", ["user_id"], unique=False, schema="__tenant__")
    op.create_table(
        "post_slugs",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_slugs_post_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("slug", name=op.f("post_slugs_pkey")),
        schema="__tenant__",
        comment="Slugs that posts had before; they lead to them until another post takes them.",
    )
    op.create_index(op.f("post_slugs_post_id_idx"), "post_slugs", ["post_id"], unique=False, schema="__tenant__")
    op.add_column(
        "posts",
        sa.Column("barred", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False, comment="who submitted it or changed it since"),
        schema="__tenant__",
    )
    op.add_column(
        "posts",
        sa.Column("beginning", sa.Text(), server_default=sa.text("''"), nullable=False, comment="shown where no excerpt is given"),
        schema="__tenant__",
    )
    op.add_column("posts", sa.Column("reading_minutes", sa.Integer(), server_default=sa.text("1"), nullable=False), schema="__tenant__")
    op.execute(
        "CREATE TRIGGER post_approvals_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_approvals FOR EACH STATEMENT WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('post_approvals', 'id')"
    )
    op.execute(
        "CREATE TRIGGER post_approvals_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.post_approvals FOR EACH ROW WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('post_approvals', 'id')"
    )
    op.execute(
        "CREATE TRIGGER post_slugs_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_slugs FOR EACH STATEMENT WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('post_slugs', 'slug')"
    )
    op.execute(
        "CREATE TRIGGER post_slugs_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.post_slugs FOR EACH ROW WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('post_slugs', 'slug')"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER post_slugs_witnessed ON __tenant__.post_slugs")
    op.execute("DROP TRIGGER post_slugs_emptying_witnessed ON __tenant__.post_slugs")
    op.execute("DROP TRIGGER post_approvals_witnessed ON __tenant__.post_approvals")
    op.execute("DROP TRIGGER post_approvals_emptying_witnessed ON __tenant__.post_approvals")
    op.drop_column("posts", "reading_minutes", schema="__tenant__")
    op.drop_column("posts", "beginning", schema="__tenant__")
    op.drop_column("posts", "barred", schema="__tenant__")
    op.drop_index(op.f("post_slugs_post_id_idx"), table_name="post_slugs", schema="__tenant__")
    op.drop_table("post_slugs", schema="__tenant__")
    op.drop_index(op.f("post_approvals_user_id_idx"), table_name="post_approvals", schema="__tenant__")
    op.drop_table("post_approvals", schema="__tenant__")
