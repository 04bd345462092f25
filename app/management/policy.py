"""Who may do what with the organization."""

from __future__ import annotations

from auth.principal import Kind, Principal
from tenants.errors import Forbidden, Unauthenticated


def may_found(who: Principal) -> None:
    """Organizations are founded by the installation, never by one of their people."""
    if who.kind is not Kind.SYSTEM:
        raise Forbidden("Organizations are made by the operator: run `imprint tenants create`.")


def may_configure(who: Principal) -> None:
    if not who.may("organization.configure"):
        if who.user_id is None:
            raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
        raise Forbidden("You may not configure the organization: ask an administrator for the permission organization.configure.")


def may_tell(who: Principal) -> None:
    """What the operator decides about an organization, the installation tells it; none of its people can."""
    if who.kind is not Kind.SYSTEM:
        raise Forbidden("This is decided by the operator: see `imprint tenants --help`.")
