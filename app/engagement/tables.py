"""Where views, likes and shares lie, and what they add up to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from app.engagement.values import MOST_SHARES_A_DAY
from tenants.naming import TENANT_SCHEMA
from tenants.tables import Moment, tenant_metadata

# Without a foreign key: the check would take a lock of the post's row with every view. Posts are never deleted as rows.
post_views = Table(
    "post_views",
    tenant_metadata,
    Column("post_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("viewer", Uuid, primary_key=True, comment="hidden by the day's salt: nobody's, once that is gone"),
    Index("post_views_day_idx", "day"),
    comment="Who saw which post on which day, once each; kept for 90 days.",
)

post_likes = Table(
    "post_likes",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("__tenant__.users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("day", Date, nullable=False, comment="when it was given; what it counts for"),
    Column("created_at", Moment, nullable=False),
    comment="Who likes which post.",
)

post_shares = Table(
    "post_shares",
    tenant_metadata,
    Column("day", Date, primary_key=True),
    Column("sharer", Uuid, primary_key=True, comment="hidden by the day's salt: nobody's, once that is gone"),
    Column("number", SmallInteger, primary_key=True, comment="of this sharer's shares of the day; what holds their number, at whatever haste"),
    Column("post_id", Uuid, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint(f"number BETWEEN 1 AND {MOST_SHARES_A_DAY}", name="number"),
    Index("post_shares_post_id_idx", "post_id", "day"),
    comment="Every share of a post; kept for 90 days.",
)

viewer_salts = Table(
    "viewer_salts",
    tenant_metadata,
    Column("day", Date, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    comment="What hides viewers and sharers, a new one each day; destroyed when the day is over.",
)

post_stat_changes = Table(
    "post_stat_changes",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("post_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("views", Integer, nullable=False),
    Column("likes", Integer, nullable=False),
    Column("shares", Integer, nullable=False),
    comment="What the counts do not contain yet; a worker adds it a few seconds later.",
)

post_stats = Table(
    "post_stats",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("view_count", BigInteger, nullable=False, server_default=text("0")),
    Column("like_count", BigInteger, nullable=False, server_default=text("0"), comment="given that day and not taken back"),
    Column("share_count", BigInteger, nullable=False, server_default=text("0")),
    Index("post_stats_day_idx", "day"),
    comment="How often each post was viewed, liked and shared, day by day.",
)

post_totals = Table(
    "post_totals",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("view_count", BigInteger, nullable=False, server_default=text("0")),
    Column("like_count", BigInteger, nullable=False, server_default=text("0")),
    Column("share_count", BigInteger, nullable=False, server_default=text("0")),
    Column("score", BigInteger, nullable=False, server_default=text("0"), comment="views, and likes and shares by their weight"),
    Index("post_totals_popular_idx", text("score DESC"), text("post_id DESC")),
    comment="How often each post was viewed, liked and shared in all; which are popular.",
)

pending_work = Table(
    "pending_work",
    tenant_metadata,
    Column("name", Text, primary_key=True),
    Column("due_at", Moment, comment="when its timer fires; none: nothing is to do"),
    comment="Routine work that a timer was asked for, so that none is asked for twice.",
)

# A materialized view: see sql/trending_posts.sql.
trending_posts = Table(
    "trending_posts",
    MetaData(schema=TENANT_SCHEMA),
    Column("post_id", Uuid, primary_key=True),
    Column("score", Float(53), nullable=False),
)
