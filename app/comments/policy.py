"""Who may do what with a comment, and whose comments wait: pure functions."""

from __future__ import annotations

from app.comments.comments import Comment
from app.comments.errors import CommentNotFound
from app.comments.values import Moderation, Status, Waiting
from auth.principal import Kind, Principal
from tenants.errors import Forbidden, Unauthenticated

MODERATE = "comments.moderate"


SIGN_IN = "Sign in first: send a bearer token, or sign in at /auth/login."


def may_be_guest(who: Principal, *, welcome: bool) -> None:
    """Somebody who is nobody, where the organization lets them comment. Raises Unauthenticated."""
    if who.kind is not Kind.ANONYMOUS or not welcome:
        raise Unauthenticated(SIGN_IN)


def wrote(who: Principal, comment: Comment) -> bool:
    return who.user_id is not None and who.user_id == comment.author_id


def visible(who: Principal, comment: Comment, *, post_readable: bool) -> None:
    """A comment one may not see does not exist. Raises CommentNotFound."""
    stands = comment.status is Status.APPROVED or comment.tombstone
    if not (who.may(MODERATE) or wrote(who, comment) or (stands and post_readable)):
        raise CommentNotFound


def may_edit(who: Principal, comment: Comment) -> None:
    """Nobody puts words into another's mouth, moderators neither."""
    if comment.status is not Status.DELETED and not wrote(who, comment):
        _refuse(who, "You may not edit comments of others.")


def may_moderate(who: Principal) -> None:
    if not who.may(MODERATE):
        _refuse(who, f"You may not moderate comments: ask an administrator for the permission {MODERATE}.")


def may_delete(who: Principal, comment: Comment) -> None:
    if not who.may(MODERATE) and comment.status is not Status.DELETED and not wrote(who, comment):
        _refuse(who, f"You may not delete comments of others: ask an administrator for the permission {MODERATE}.")


def waits(who: Principal, mode: Moderation, *, known: bool, spam: bool) -> Waiting | None:
    """Why a comment of this person waits. `known`: readers see a comment of theirs already. Moderators never wait."""
    if who.may(MODERATE):
        return None
    if spam:
        return Waiting.SPAM
    if mode is Moderation.ALL:
        return Waiting.ALL
    return Waiting.FIRST if mode is Moderation.FIRST_TIME and not known else None


def _refuse(who: Principal, message: str) -> None:
    if who.user_id is None:
        raise Unauthenticated(SIGN_IN)
    raise Forbidden(message)
