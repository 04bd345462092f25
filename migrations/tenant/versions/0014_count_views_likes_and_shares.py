"""Count views, likes and shares.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"

REFRESH_TRENDING_POSTS = """\
CREATE OR REPLACE FUNCTION __tenant__.refresh_trending_posts()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY __tenant__.trending_posts;
END $function$
"""

TRENDING_POSTS = """\
CREATE MATERIALIZED VIEW __tenant__.trending_posts AS
 SELECT s.post_id,
    sum((s.view_count + 5 * s.like_count + 10 * s.share_count)::double precision * power(0.5::double precision, ((now() AT TIME ZONE 'UTC'::text)::date - s.day)::double precision / 2.0::double precision)) AS score
   FROM __tenant__.post_stats s
     JOIN __tenant__.posts p ON p.id = s.post_id
  WHERE p.status = 'PUBLISHED'::text AND s.day > ((now() AT TIME ZONE 'UTC'::text)::date - 14)
  GROUP BY s.post_id
 HAVING sum(s.view_count + s.like_count + s.share_count) > 0::numeric
  ORDER BY (sum((s.view_count + 5 * s.like_count + 10 * s.share_count)::double precision * power(0.5::double precision, ((now() AT TIME ZONE 'UTC'::text)::date - s.day)::double precision / 2.0::double precision))) DESC, s.post_id DESC
 LIMIT 1000
"""  # noqa: E501 - as Postgres words it


def upgrade() -> None:
    op.create_table(
        "pending_work",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="when its timer fires; none: nothing is to do"),
        sa.PrimaryKeyConstraint("name", name=op.f("pending_work_pkey")),
        schema="__tenant__",
        comment="Routine work that a timer was asked for, so that none is asked for twice.",
    )
    op.create_table(
        "post_shares",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sharer", sa.Uuid(), nullable=False, comment="hidden by the day's salt: nobody's, once that is gone"),
        sa.Column(
            "number", sa.SmallInteger(), nullable=False, comment="of this sharer's shares of the day; what holds their number, at whatever haste"
        ),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 30", name=op.f("post_shares_number_check")),
        sa.PrimaryKeyConstraint("day", "sharer", "number", name=op.f("post_shares_pkey")),
        schema="__tenant__",
        comment="Every share of a post; kept for 90 days.",
    )
    op.create_index("post_shares_post_id_idx", "post_shares", ["post_id", "day"], unique=False, schema="__tenant__")
    op.create_table(
        "post_stat_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=False),
        sa.Column("shares", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("post_stat_changes_pkey")),
        schema="__tenant__",
        comment="What the counts do not contain yet; a worker adds it a few seconds later.",
    )
    op.create_table(
        "post_views",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("viewer", sa.Uuid(), nullable=False, comment="hidden by the day's salt: nobody's, once that is gone"),
        sa.PrimaryKeyConstraint("post_id", "day", "viewer", name=op.f("post_views_pkey")),
        schema="__tenant__",
        comment="Who saw which post on which day, once each; kept for 90 days.",
    )
    op.create_index("post_views_day_idx", "post_views", ["day"], unique=False, schema="__tenant__")
    op.create_table(
        "viewer_salts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("viewer_salts_pkey")),
        schema="__tenant__",
        comment="What hides viewers and sharers, a new one each day; destroyed when the day is over.",
    )
    op.create_table(
        "post_likes",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="when it was given; what it counts for"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_likes_post_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("post_likes_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "user_id", name=op.f("post_likes_pkey")),
        schema="__tenant__",
        comment="Who likes which post.",
    )
    op.create_index(op.f("post_likes_user_id_idx"), "post_likes", ["user_id"], unique=False, schema="__tenant__")
    op.create_table(
        "post_stats",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("view_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("like_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="given that day and not taken back"),
        sa.Column("share_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_stats_post_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "day", name=op.f("post_stats_pkey")),
        schema="__tenant__",
        comment="How often each post was viewed, liked and shared, day by day.",
    )
    op.create_index("post_stats_day_idx", "post_stats", ["day"], unique=False, schema="__tenant__")
    op.create_table(
        "post_totals",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("view_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("like_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("share_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("score", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="views, and likes and shares by their weight"),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_totals_post_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("post_totals_pkey")),
        schema="__tenant__",
        comment="How often each post was viewed, liked and shared in all; which are popular.",
    )
    op.create_index(
        "post_totals_popular_idx",
        "post_totals",
        [sa.literal_column("score DESC"), sa.literal_column("post_id DESC")],
        unique=False,
        schema="__tenant__",
    )
    op.execute(REFRESH_TRENDING_POSTS)
    op.execute(TRENDING_POSTS)
    op.execute("CREATE UNIQUE INDEX trending_posts_post_id_key ON __tenant__.trending_posts USING btree (post_id)")
    op.execute("CREATE INDEX trending_posts_score_idx ON __tenant__.trending_posts USING btree (score DESC, post_id DESC)")


def downgrade() -> None:
    op.execute("DROP MATERIALIZED VIEW __tenant__.trending_posts")
    op.drop_index("post_totals_popular_idx", table_name="post_totals", schema="__tenant__")
    op.drop_table("post_totals", schema="__tenant__")
    op.drop_index("post_stats_day_idx", table_name="post_stats", schema="__tenant__")
    op.drop_table("post_stats", schema="__tenant__")
    op.drop_index(op.f("post_likes_user_id_idx"), table_name="post_likes", schema="__tenant__")
    op.drop_table("post_likes", schema="__tenant__")
    op.drop_table("viewer_salts", schema="__tenant__")
    op.drop_index("post_views_day_idx", table_name="post_views", schema="__tenant__")
    op.drop_table("post_views", schema="__tenant__")
    op.drop_table("post_stat_changes", schema="__tenant__")
    op.drop_index("post_shares_post_id_idx", table_name="post_shares", schema="__tenant__")
    op.drop_table("post_shares", schema="__tenant__")
    op.drop_table("pending_work", schema="__tenant__")
    op.execute("DROP FUNCTION __tenant__.refresh_trending_posts()")
