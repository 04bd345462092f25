"""Who may do what with people and roles: pure functions."""

from __future__ import annotations

from uuid import UUID

from app.users.errors import MoreThanYouMay, NotYourself, OwnersOnly
from app.users.values import OWNER
from auth.errors import ElevationRequired
from auth.principal import Kind, Principal
from tenants.errors import Forbidden, Unauthenticated

INVITE = "users.invite"
MANAGE = "users.manage"


def may_invite(who: Principal) -> None:
    _require(who, INVITE, "invite people")


def may_manage(who: Principal) -> None:
    _require(who, MANAGE, "manage people and roles")


def may_manage_or_be(who: Principal, user_id: UUID) -> None:
    """One's own matters, or a manager's."""
    if who.user_id is None or who.user_id != user_id:
        may_manage(who)


def may_touch(who: Principal, role: str) -> None:
    """Nobody but owners does anything to an owner, or makes one; and they have proven lately who they are."""
    if role == OWNER and who.kind is not Kind.SYSTEM and who.role != OWNER:
        raise OwnersOnly("Only owners can do this to an owner, or make somebody one.")
    if role == OWNER and not who.elevated:
        raise ElevationRequired


def may_give(who: Principal, permissions: frozenset[str]) -> None:
    """Nobody gives rights that they do not have."""
    beyond = frozenset() if who.kind is Kind.SYSTEM else permissions - who.permissions
    if beyond:
        raise MoreThanYouMay(beyond)


def not_oneself(who: Principal, user_id: UUID) -> None:
    if who.user_id == user_id:
        raise NotYourself("You cannot suspend yourself. Ask another administrator, or leave the organization.")


def system_only(who: Principal) -> None:
    if who.kind is not Kind.SYSTEM:
        raise Forbidden("This is done by the product itself, after its own checks.")


def signed_in(who: Principal) -> None:
    if who.user_id is None:
        raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")


def signed_in_or_system(who: Principal) -> None:
    if who.kind is not Kind.SYSTEM:
        signed_in(who)


def _require(who: Principal, permission: str, deed: str) -> None:
    if not who.may(permission):
        signed_in(who)
        raise Forbidden(f"You may not {deed}: ask an administrator for the permission {permission}.")
