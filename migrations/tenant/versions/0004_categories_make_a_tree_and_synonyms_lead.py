"""Categories make a tree, and synonyms lead to tags.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["__tenant__.categories.id"], name=op.f("categories_parent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("categories_pkey")),
        sa.UniqueConstraint("slug", name=op.f("categories_slug_key")),
        schema="__tenant__",
        comment="A tree. Siblings stand by rank, which leaves room between them; their position is counted when it is shown.",
    )
    op.create_index("categories_siblings_idx", "categories", ["parent_id", "rank"], unique=False, schema="__tenant__")
    op.create_table(
        "tag_synonyms",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["__tenant__.tags.id"], name=op.f("tag_synonyms_tag_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("slug", name=op.f("tag_synonyms_pkey")),
        schema="__tenant__",
        comment="Other words that lead to a tag; none of them is a tag itself.",
    )
    op.create_index(op.f("tag_synonyms_tag_id_idx"), "tag_synonyms", ["tag_id"], unique=False, schema="__tenant__")
    op.create_table(
        "post_categories",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["__tenant__.categories.id"], name=op.f("post_categories_category_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_categories_post_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "category_id", name=op.f("post_categories_pkey")),
        schema="__tenant__",
        comment="Which categories a post stands in.",
    )
    op.create_index(op.f("post_categories_category_id_idx"), "post_categories", ["category_id"], unique=False, schema="__tenant__")
    op.execute(
        "CREATE TRIGGER post_categories_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_categories FOR EACH STATEMENT WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('post_categories', 'post_id,category_id')"
    )
    op.execute(
        "CREATE TRIGGER post_categories_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.post_categories FOR EACH ROW "
        "WHEN ((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('post_categories', 'post_id,category_id')"
    )
    op.execute(
        "CREATE TRIGGER categories_emptying_witnessed AFTER TRUNCATE ON __tenant__.categories FOR EACH STATEMENT WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('categories', 'id')"
    )
    op.execute(
        "CREATE TRIGGER categories_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.categories FOR EACH ROW WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('categories', 'id')"
    )
    op.execute(
        "CREATE TRIGGER tag_synonyms_emptying_witnessed AFTER TRUNCATE ON __tenant__.tag_synonyms FOR EACH STATEMENT WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('tag_synonyms', 'slug')"
    )
    op.execute(
        "CREATE TRIGGER tag_synonyms_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.tag_synonyms FOR EACH ROW WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('tag_synonyms', 'slug')"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER tag_synonyms_witnessed ON __tenant__.tag_synonyms")
    op.execute("DROP TRIGGER tag_synonyms_emptying_witnessed ON __tenant__.tag_synonyms")
    op.execute("DROP TRIGGER categories_witnessed ON __tenant__.categories")
    op.execute("DROP TRIGGER categories_emptying_witnessed ON __tenant__.categories")
    op.execute("DROP TRIGGER post_categories_witnessed ON __tenant__.post_categories")
    op.execute("DROP TRIGGER post_categories_emptying_witnessed ON __tenant__.post_categories")
    op.drop_index(op.f("post_categories_category_id_idx"), table_name="post_categories", schema="__tenant__")
    op.drop_table("post_categories", schema="__tenant__")
    op.drop_index(op.f("tag_synonyms_tag_id_idx"), table_name="tag_synonyms", schema="__tenant__")
    op.drop_table("tag_synonyms", schema="__tenant__")
    op.drop_index("categories_siblings_idx", table_name="categories", schema="__tenant__")
    op.drop_table("categories", schema="__tenant__")
