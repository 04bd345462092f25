"""Posts in every state."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from tenants.database import Connection
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.library.when import LONG_AGO

POST = statement(
    """
    INSERT INTO __tenant__.posts (id, created_at, updated_at, created_by, updated_by, version, title, slug, content, excerpt, author_id, status,
      published_at, scheduled_at, seo_keywords, custom_fields, approval_status, approved_by, rejection_reason, beginning, reading_minutes)
    VALUES (:id, :created_at, :updated_at, :created_by, :created_by, 1, :title, :slug, :content, :excerpt, :author_id, :status,
      CAST(:published_at AS timestamptz), CAST(:scheduled_at AS timestamptz), CAST(:keywords AS text[]), CAST(:custom_fields AS jsonb),
      :approval_status, CAST(:approved_by AS uuid), :rejection_reason, :beginning, :minutes)
    """
)
POST_TAG = statement("INSERT INTO __tenant__.post_tags (post_id, tag_id) VALUES (:post_id, :tag_id)")
POST_CATEGORY = statement("INSERT INTO __tenant__.post_categories (post_id, category_id) VALUES (:post_id, :category_id)")
POST_EDITOR = statement("INSERT INTO __tenant__.post_editors (post_id, user_id, position) VALUES (:post_id, :user_id, :position)")
APPROVAL = statement("INSERT INTO __tenant__.post_approvals (id, post_id, user_id, given_at, position) VALUES (:id, :post, :user, :at, :position)")
FORMER_SLUG = statement("INSERT INTO __tenant__.post_slugs (slug, post_id, left_at) VALUES (:slug, :post, :at)")
STATUSES = ("DRAFT", "IN_REVIEW", "APPROVED", "REJECTED", "PUBLISHED", "PUBLISHED", "PUBLISHED", "ARCHIVED", "SCHEDULED", "EXPIRED", "DELETED")
TITLES = ('Quote "d" \\ back', "Ünïcødé 🖋 title", "a tie", "a tie", "<script>alert(1)</script>", "Post 2\ttab", "zebra", "Apple")


async def write_posts(connection: Connection, users: list[UUID], tags: list[UUID], categories: list[UUID], chance: random.Random) -> list[UUID]:
    """Each with tags, categories, editors and approvals of its own choice; some were at another slug before."""
    posts, filing = [new_id() for _ in range(32)], random.Random(8)
    for number, post in enumerate(posts):
        await connection.execute(POST, id=post, **written(number, users, chance))
        for tag in chance.sample(tags, chance.randrange(4)):
            await connection.execute(POST_TAG, post_id=post, tag_id=tag)
        for category in filing.sample(categories, filing.randrange(3)):
            await connection.execute(POST_CATEGORY, post_id=post, category_id=category)
        await review(connection, post, filing.sample(users, filing.randrange(3)))
        for position, user in enumerate(chance.sample(users, chance.randrange(3))):
            await connection.execute(POST_EDITOR, post_id=post, user_id=user, position=position)
    for number, post in enumerate(posts[::4]):  # the first of these slugs is another's by now
        await connection.execute(FORMER_SLUG, slug=f"former-{number}" if number else "post-9", post=post, at=LONG_AGO)
    return posts


def written(number: int, users: list[UUID], chance: random.Random) -> dict[str, Any]:
    """The columns of one post."""
    status = STATUSES[number % len(STATUSES)]
    published = LONG_AGO + timedelta(hours=chance.randrange(6)) if status in {"PUBLISHED", "EXPIRED", "ARCHIVED"} else None
    created = LONG_AGO + timedelta(minutes=chance.randrange(5), microseconds=chance.randrange(3))
    return {
        "created_at": created,
        "updated_at": created + timedelta(seconds=chance.randrange(4)),
        "created_by": chance.choice(users),
        "title": TITLES[number % len(TITLES)],
        "slug": f"post-{number}",
        "content": f"# Hello {number}\n\n<b>raw</b> *emphasis* [x](javascript:alert(1)) ![i](https://example.org/i.png)\n\n| a |\n|---|\n| 1 |",
        "excerpt": chance.choice((None, 'short "words"')),
        "author_id": chance.choice(users),
        "status": status,
        "published_at": published,
        "scheduled_at": LONG_AGO + timedelta(days=number) if status == "SCHEDULED" else None,
        "beginning": 'The "beginning"' if number % 3 else "",
        "minutes": number % 4 + 1,
        "keywords": [["one", 'tw"o'], []][number % 2],
        "custom_fields": {"rank": number, "deep": {"list": [1, 2.5, None, "ü"]}},
        "approval_status": {"APPROVED": "APPROVED", "REJECTED": "REJECTED"}.get(status, "NONE"),
        "approved_by": chance.choice(users) if status == "APPROVED" else None,
        "rejection_reason": "not yet" if status == "REJECTED" else None,
    }


async def review(connection: Connection, post: UUID, approvers: list[UUID]) -> None:
    for position, user in enumerate(approvers):
        await connection.execute(APPROVAL, id=new_id(), post=post, user=user, at=LONG_AGO + timedelta(hours=position), position=position)
