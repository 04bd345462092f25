"""Who may follow what: pure functions."""

from __future__ import annotations

from uuid import UUID

from app.following.errors import OwnFollower
from app.following.values import Kind, Target
from auth.principal import Principal
from tenants.errors import Forbidden, Unauthenticated

MANAGE_TAXONOMY = "taxonomy.manage"


def follower(who: Principal) -> UUID:
    """Raises Unauthenticated."""
    if who.user_id is None:
        raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
    return who.user_id


def may_follow(who: Principal, target: Target) -> UUID:
    """The follower. Raises Unauthenticated, OwnFollower."""
    user_id = follower(who)
    if target == Target(Kind.AUTHOR, user_id):
        raise OwnFollower
    return user_id


def may_pass_on(who: Principal) -> None:
    """Of those who merge what is followed. Raises Forbidden."""
    if not who.may(MANAGE_TAXONOMY):
        raise Forbidden(f"You may not put tags and categories in order: ask an administrator for the permission {MANAGE_TAXONOMY}.")
