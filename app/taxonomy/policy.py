"""Who may do what with tags and categories."""

from __future__ import annotations

from auth.principal import Principal
from tenants.errors import Forbidden, Unauthenticated

SIGN_IN = "Sign in first: send a bearer token, or sign in at /auth/login."


def may_tag(who: Principal) -> None:
    """Whoever writes may bring new words; keeping them in order is `taxonomy.manage`."""
    if who.may("content.create") or who.may("taxonomy.manage"):
        return
    if who.user_id is None:
        raise Unauthenticated(SIGN_IN)
    raise Forbidden("You may not make tags: ask an administrator for the permission content.create.")


def may_manage(who: Principal) -> None:
    """Raises Unauthenticated for nobody, Forbidden for somebody without the permission."""
    if who.may("taxonomy.manage"):
        return
    if who.user_id is None:
        raise Unauthenticated(SIGN_IN)
    raise Forbidden("You may not keep tags and categories in order: ask an administrator for the permission taxonomy.manage.")
