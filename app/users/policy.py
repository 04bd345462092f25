"""Who may do what with people."""

from __future__ import annotations

from app.users.errors import OwnersOnly
from app.users.values import OWNER
from auth.principal import Kind, Principal
from tenants.errors import Forbidden, Unauthenticated


def may_invite(who: Principal, role: str) -> None:
    if not who.may("users.invite"):
        if who.user_id is None:
            raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
        raise Forbidden("You may not invite people: ask an administrator for the permission users.invite.")
    if role == OWNER and who.kind is not Kind.SYSTEM and who.role != OWNER:
        raise OwnersOnly("Only owners can make somebody an owner.")


def system_only(who: Principal) -> None:
    if who.kind is not Kind.SYSTEM:
        raise Forbidden("This is done by the product itself, after its own checks.")


def signed_in(who: Principal) -> None:
    if who.user_id is None:
        raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
