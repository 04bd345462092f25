"""Where posts lie."""

from __future__ import annotations

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from app.shared.columns import aggregate_columns
from tenants.tables import Moment, tenant_metadata

posts = Table(
    "posts",
    tenant_metadata,
    *aggregate_columns(),
    Column("title", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("content", Text, nullable=False),
    Column("excerpt", Text),
    Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("scheduled_at", Moment),
    Column("published_at", Moment),
    Column("expires_at", Moment),
    Column("seo_title", Text),
    Column("seo_description", Text),
    Column("seo_keywords", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("featured_image_url", Text),
    Column("custom_fields", JSONB, nullable=False, server_default=text("'{}'")),
    Column("approval_status", Text, nullable=False),
    Column("approved_by", Uuid, ForeignKey("__tenant__.users.id")),
    Column("approved_at", Moment),
    Column("rejection_reason", Text),
    Column("barred", ARRAY(Uuid), nullable=False, server_default=text("'{}'"), comment="who submitted it or changed it since"),
    Column("beginning", Text, nullable=False, server_default=text("''"), comment="shown where no excerpt is given"),
    Column("reading_minutes", Integer, nullable=False, server_default=text("1")),
    CheckConstraint(
        "status IN ('DRAFT', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'SCHEDULED', 'PUBLISHED', 'EXPIRED', 'ARCHIVED', 'DELETED')", name="status"
    ),
    CheckConstraint("approval_status IN ('NONE', 'PENDING', 'APPROVED', 'REJECTED')", name="approval_status"),
    Index("posts_author_id_idx", "author_id", text("id DESC")),
    Index("posts_status_idx", "status", text("id DESC")),
    Index("posts_newest_idx", text("published_at DESC"), text("id DESC")),
    Index("posts_updated_idx", text("updated_at DESC"), text("id DESC")),
    Index("posts_published_idx", text("published_at DESC"), text("id DESC"), postgresql_where=text("status = 'PUBLISHED'")),
    comment="The latest state of each post; its history is in domain_events.",
)

post_editors = Table(
    "post_editors",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("__tenant__.users.id"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
    comment="Who may edit a post besides its author.",
)

post_approvals = Table(
    "post_approvals",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Uuid, ForeignKey("__tenant__.users.id"), nullable=False, index=True),
    Column("given_at", Moment, nullable=False),
    Column("position", Integer, nullable=False),
    UniqueConstraint("post_id", "user_id"),
    comment="Who approved a post, in this round of review.",
)

post_slugs = Table(
    "post_slugs",
    tenant_metadata,
    Column("slug", Text, primary_key=True),
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("left_at", Moment, nullable=False),
    comment="Slugs that posts had before; they lead to them until another post takes them.",
)

post_tags = Table(
    "post_tags",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", Uuid, ForeignKey("__tenant__.tags.id"), primary_key=True, index=True),
    comment="Which tags a post carries.",
)

post_categories = Table(
    "post_categories",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("category_id", Uuid, ForeignKey("__tenant__.categories.id"), primary_key=True, index=True),
    comment="Which categories a post stands in.",
)

publication_counts = Table(
    "publication_counts",
    tenant_metadata,
    Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), primary_key=True),
    Column("published", Integer, nullable=False),
    comment="How many posts of each author are published; kept by a reaction.",
)

post_search = Table(
    "post_search",
    tenant_metadata,
    Column("post_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="CASCADE"), primary_key=True),
    Column("configuration", Text, nullable=False, comment="of text search, by the organization's language when the post was indexed"),
    Column("document", TSVECTOR, nullable=False, comment="weights: A title, B tags, C excerpt, D body"),
    Column("body", Text, nullable=False, comment="the beginning of the content without Markdown, for snippets"),
    Index("post_search_document_idx", "document", postgresql_using="gin"),
    comment="What full-text search reads of each post; kept by triggers on posts, their tags and the tags' names.",
)
