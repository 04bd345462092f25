"""Who may do what with a post: pure functions of principal and post."""

from __future__ import annotations

from app.content.errors import PostNotFound
from app.content.posts import Post
from app.content.states import Status
from auth.principal import SYSTEM, Principal
from tenants.errors import Forbidden, Unauthenticated


def require(who: Principal, permission: str, action: str) -> None:
    """Raises Unauthenticated for nobody, Forbidden for somebody without the permission."""
    if who.may(permission):
        return
    if who.user_id is None:
        raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
    raise Forbidden(f"You may not {action}: ask an administrator for the permission {permission}.")


def only_the_system(who: Principal) -> None:
    """Raises Forbidden for everybody: what is due happens by itself."""
    if who is not SYSTEM:
        raise Forbidden("This happens by itself when it is due.")


def belongs_to(who: Principal, post: Post) -> bool:
    return who.user_id is not None and (who.user_id == post.author_id or who.user_id in post.manuscript.editors)


def may_see(who: Principal, post: Post) -> bool:
    return post.status is Status.PUBLISHED or who.may("content.read_drafts") or belongs_to(who, post)


def visible(who: Principal, post: Post) -> None:
    """A post one may not see does not exist. Raises PostNotFound."""
    if not may_see(who, post):
        raise PostNotFound


def may_edit(who: Principal, post: Post) -> None:
    """Its author and editors while it is not public; a public post needs the right to publish as well."""
    if who.may("content.edit_any"):
        return
    if not belongs_to(who, post):
        require(who, "content.edit_any", "edit posts of others")
    if post.status is Status.PUBLISHED:
        require(who, "content.publish", "change a published post")


def may_submit(who: Principal, post: Post) -> None:
    require(who, "content.submit", "submit posts for review")
    if not belongs_to(who, post):
        require(who, "content.edit_any", "submit posts of others")


def may_review(who: Principal, _post: Post) -> None:
    require(who, "content.approve", "approve or reject posts")


def may_publish(who: Principal, _post: Post) -> None:
    require(who, "content.publish", "publish posts, schedule them or take them back")


def may_put_away(who: Principal, post: Post) -> None:
    """Archive or delete: whoever may delete content; authors and editors what was never public."""
    if not (belongs_to(who, post) and post.status in {Status.DRAFT, Status.REJECTED}):
        require(who, "content.delete", "archive or delete posts")


def may_restore(who: Principal, post: Post) -> None:
    """As for putting away: authors and editors what was never approved."""
    if not (belongs_to(who, post) and post.approved_at is None):
        require(who, "content.delete", "restore posts")
