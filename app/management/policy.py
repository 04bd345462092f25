"""Who may do what with the organization."""

from __future__ import annotations

from auth.principal import Kind, Principal
from tenants.errors import Forbidden


def may_found(who: Principal) -> None:
    """Organizations are founded by the installation, never by one of their people."""
    if who.kind is not Kind.SYSTEM:
        raise Forbidden("Organizations are made by the operator: run `imprint tenants create`.")
