"""Who may do what with tags."""

from __future__ import annotations

from auth.principal import Principal
from tenants.errors import Forbidden, Unauthenticated


def may_tag(who: Principal) -> None:
    """Whoever writes may bring new words; keeping them in order is `taxonomy.manage`."""
    if who.may("content.create") or who.may("taxonomy.manage"):
        return
    if who.user_id is None:
        raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
    raise Forbidden("You may not make tags: ask an administrator for the permission content.create.")
