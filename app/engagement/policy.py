"""Who may do what with a published post: pure functions."""

from __future__ import annotations

from uuid import UUID

from app.engagement.errors import PostNotFound, PostNotPublished
from auth.principal import Principal
from tenants.errors import Unauthenticated

SIGN_IN = "Sign in first: send a bearer token, or sign in at /auth/login."


def person(who: Principal) -> UUID:
    """Raises Unauthenticated."""
    if who.user_id is None:
        raise Unauthenticated(SIGN_IN)
    return who.user_id


def may_read(who: Principal, *, public: bool) -> None:
    """Readers who are nobody, only where the organization lets everybody read. Raises Unauthenticated."""
    if who.user_id is None and not public:
        raise Unauthenticated(f"This organization is read by its people only. {SIGN_IN}")


def visible(who: Principal, *, published: bool, writes: bool) -> None:
    """A post one may not see does not exist. `writes`: the reader is its author or one of its editors. Raises PostNotFound."""
    if not (published or writes or who.may("content.read_drafts")):
        raise PostNotFound


def public(*, published: bool) -> None:
    """Raises PostNotPublished."""
    if not published:
        raise PostNotPublished("Only published posts can be liked or shared; wait until this one is.")
