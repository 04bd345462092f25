"""Posts in the API, bound to their tables."""

from __future__ import annotations

from app.content.tables import post_editors, post_tags, posts
from app.shared.graph import (
    AnyOf,
    Connection,
    Entity,
    Equals,
    Graph,
    Group,
    IsMe,
    Link,
    LinksToMe,
    Lookup,
    Many,
    One,
    Order,
    Permitted,
    Rendered,
    Some,
    Value,
)

EDITORS = Link(post_editors.c.post_id, post_editors.c.user_id, order=(post_editors.c.position,))
TAGS = Link(post_tags.c.post_id, post_tags.c.tag_id)
POSTS_WITH_TAG = Link(post_tags.c.tag_id, post_tags.c.post_id)

INSIDE = (Permitted("content.read_drafts"), IsMe(posts.c.author_id), LinksToMe(post_editors.c.post_id, post_editors.c.user_id))
INSIDERS = AnyOf(INSIDE)
READABLE = AnyOf((Equals(posts.c.status, "PUBLISHED"), *INSIDE))

POST = Entity(
    type="Post",
    table=posts,
    visible=READABLE,
    fields={
        "id": Value(posts.c.id),
        "title": Value(posts.c.title),
        "slug": Value(posts.c.slug),
        "content": Value(posts.c.content),
        "contentHtml": Rendered(posts.c.content),
        "excerpt": Value(posts.c.excerpt),
        "status": Value(posts.c.status),
        "author": One("User", posts.c.author_id),
        "editors": Many("User", EDITORS),
        "tags": Many("Tag", TAGS),
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
            },
            visible=INSIDERS,
        ),
        "createdAt": Value(posts.c.created_at),
        "updatedAt": Value(posts.c.updated_at),
        "createdBy": One("User", posts.c.created_by),
        "updatedBy": One("User", posts.c.updated_by),
        "version": Value(posts.c.version),
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
    },
)

GRAPH = Graph(
    entities=(POST,),
    extensions={
        "User": {"posts": Connection("Post", via=posts.c.author_id)},
        "Tag": {"posts": Connection("Post", via=POSTS_WITH_TAG)},
    },
    queries={
        "posts": Connection("Post"),
        "post": Lookup("Post", {"id": posts.c.id, "slug": posts.c.slug}),
        "draftPosts": Connection("Post", only=Equals(posts.c.status, "DRAFT")),
    },
)
