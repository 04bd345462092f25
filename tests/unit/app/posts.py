"""Posts in each state, as their aggregate makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from app.content.posts import Post
from app.content.values import Manuscript

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AUTHOR, EDITOR = uuid4(), uuid4()


def draft() -> Post:
    return Post.create(uuid4(), AUTHOR, Manuscript.checked(title="Hello", slug="hello", content="World"))


def in_review() -> Post:
    post = draft()
    post.submit()
    return post


def approved() -> Post:
    post = in_review()
    post.approve(EDITOR, NOON)
    return post


def published() -> Post:
    post = approved()
    post.publish(NOON)
    return post
