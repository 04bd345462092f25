"""Posts in the API, bound to their tables."""

from __future__ import annotations

from app.content import past
from app.content.searching import SEARCH
from app.content.tables import post_approvals, post_categories, post_editors, post_slugs, post_tags, posts
from app.shared.conditions import AnyOf, Differs, Equals, IsMe, LinksToMe, Permitted
from app.shared.graph import (
    Computed,
    Connection,
    Entity,
    Former,
    Graph,
    Group,
    Link,
    Lookup,
    Many,
    One,
    Order,
    Outlined,
    Recalled,
    Rendered,
    Some,
    Value,
)

APPROVALS = Link(post_approvals.c.post_id, post_approvals.c.id, order=(post_approvals.c.position,))
EDITORS = Link(post_editors.c.post_id, post_editors.c.user_id, order=(post_editors.c.position,))
TAGS = Link(post_tags.c.post_id, post_tags.c.tag_id)
POSTS_WITH_TAG = Link(post_tags.c.tag_id, post_tags.c.post_id)
CATEGORIES = Link(post_categories.c.post_id, post_categories.c.category_id)
POSTS_IN_CATEGORY = Link(post_categories.c.category_id, post_categories.c.post_id)


def _published(pairs: str, far: str) -> Computed:
    """How many published posts a table of pairs links to a row. Its id is at hand wherever a row is read."""
    counted = f"SELECT count(*) FROM __tenant__.{pairs} c JOIN __tenant__.posts o ON o.id = c.post_id"  # noqa: S608 - our own names
    return Computed(f"({counted} WHERE c.{far} = {{row}}.id AND o.status = 'PUBLISHED')::text", ())


READ_DRAFTS = "content.read_drafts"
INSIDE = (Permitted(READ_DRAFTS), IsMe(posts.c.author_id), LinksToMe(post_editors.c.post_id, post_editors.c.user_id))
INSIDERS = AnyOf(INSIDE)
NOT_DELETED = Differs(posts.c.status, "DELETED")
READABLE = AnyOf((Equals(posts.c.status, "PUBLISHED"), *INSIDE))

EXCERPT = (posts.c.excerpt, posts.c.beginning)
GIVEN_APPROVAL = Entity(
    type="GivenApproval",
    table=post_approvals,
    fields={"by": One("User", post_approvals.c.user_id), "at": Value(post_approvals.c.given_at)},
    order=(Order(post_approvals.c.position),),
)
POST = Entity(
    type="Post",
    table=posts,
    visible=READABLE,
    fields={
        "id": Value(posts.c.id),
        "title": Value(posts.c.title),
        "slug": Value(posts.c.slug),
        "content": Value(posts.c.content),
        "contentHtml": Rendered(posts.c.content, anchors=True),
        "tableOfContents": Outlined(posts.c.content),
        "excerpt": Computed("coalesce(to_json(coalesce({row}.excerpt, nullif({row}.beginning, '')))::text, 'null')", EXCERPT),
        "excerptIsDerived": Computed("({row}.excerpt IS NULL AND {row}.beginning <> '')::text", EXCERPT),
        "readingMinutes": Value(posts.c.reading_minutes),
        "status": Value(posts.c.status),
        "author": One("User", posts.c.author_id),
        "editors": Many("User", EDITORS),
        "tags": Many("Tag", TAGS),
        "categories": Many("Category", CATEGORIES),
        "publishedAt": Value(posts.c.published_at),
        "scheduledAt": Value(posts.c.scheduled_at),
        "expiresAt": Value(posts.c.expires_at),
        "seo": Group(
            "Seo",
            {"title": Value(posts.c.seo_title), "description": Value(posts.c.seo_description), "keywords": Value(posts.c.seo_keywords)},
        ),
        "featuredImageUrl": Value(posts.c.featured_image_url),
        "customFields": Value(posts.c.custom_fields),
        "approval": Group(
            "Approval",
            {
                "status": Value(posts.c.approval_status),
                "approvedBy": One("User", posts.c.approved_by),
                "approvedAt": Value(posts.c.approved_at),
                "rejectionReason": Value(posts.c.rejection_reason),
                "approvals": Many("GivenApproval", APPROVALS),
            },
            visible=INSIDERS,
        ),
        "createdAt": Value(posts.c.created_at),
        "updatedAt": Value(posts.c.updated_at),
        "createdBy": One("User", posts.c.created_by),
        "updatedBy": One("User", posts.c.updated_by),
        "version": Value(posts.c.version),
        "history": Recalled(past.history, INSIDERS, READ_DRAFTS),
        "asOf": Recalled(past.as_of, INSIDERS, READ_DRAFTS, until="at"),
        "difference": Recalled(past.difference, INSIDERS, READ_DRAFTS),
    },
    order=(Order(posts.c.published_at, descending=True),),
    orders={
        "PUBLISHED_AT_DESC": Order(posts.c.published_at, descending=True),
        "PUBLISHED_AT_ASC": Order(posts.c.published_at),
        "CREATED_AT_DESC": Order(posts.c.created_at, descending=True),
        "CREATED_AT_ASC": Order(posts.c.created_at),
        "UPDATED_AT_DESC": Order(posts.c.updated_at, descending=True),
        "UPDATED_AT_ASC": Order(posts.c.updated_at),
        "TITLE_ASC": Order(posts.c.title),
        "TITLE_DESC": Order(posts.c.title, descending=True),
    },
    filters={
        "id": Value(posts.c.id),
        "authorId": Value(posts.c.author_id),
        "title": Value(posts.c.title),
        "slug": Value(posts.c.slug),
        "status": Value(posts.c.status),
        "createdAt": Value(posts.c.created_at),
        "updatedAt": Value(posts.c.updated_at),
        "publishedAt": Value(posts.c.published_at),
        "tags": Some("Tag", TAGS),
        "categories": Some("Category", CATEGORIES),
    },
)

GRAPH = Graph(
    entities=(POST, GIVEN_APPROVAL),
    extensions={
        "User": {"posts": Connection("Post", via=posts.c.author_id, only=NOT_DELETED)},
        "Tag": {"posts": Connection("Post", via=POSTS_WITH_TAG, only=NOT_DELETED), "postCount": _published("post_tags", "tag_id")},
        "Category": {"posts": Connection("Post", via=POSTS_IN_CATEGORY, only=NOT_DELETED), "postCount": _published("post_categories", "category_id")},
    },
    queries={
        "posts": Connection("Post", only=NOT_DELETED),
        "post": Lookup("Post", {"id": posts.c.id, "slug": posts.c.slug}, former={"slug": Former(post_slugs.c.slug, post_slugs.c.post_id)}),
        "deletedPosts": Connection("Post", only=Equals(posts.c.status, "DELETED")),
        "search": SEARCH,
        "draftPosts": Connection("Post", only=Equals(posts.c.status, "DRAFT")),
    },
)
