"""What a reader's rights mean to a plan: a finite set of facts, so that plans can be shared by everybody who has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from app.api.errors import SIGN_IN
from auth.principal import Kind, Principal
from tenants.errors import Forbidden, Refusal, Unauthenticated


@dataclass(frozen=True, slots=True, eq=False)
class Rights:
    """Compared by identity: `rights_of` hands out one for each set of facts."""

    signed_in: bool
    everything: bool
    role: str | None
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return self.everything or permission in self.permissions


@dataclass(frozen=True, slots=True)
class Requirement:
    """A field's `@requires`. `own`: whoever is signed in may use it for what is theirs; the command sees to that."""

    permission: str | None
    roles: tuple[str, ...]
    own: bool = False

    def refusal(self, rights: Rights) -> Refusal | None:
        """Why the field is not for this reader; None where it is."""
        if self._met(rights):
            return None
        if not rights.signed_in:
            return Unauthenticated(SIGN_IN)
        if self.permission:
            return Forbidden(f"You may not use this: ask an administrator for the permission {self.permission}.")
        return Forbidden(f"You may not use this: it is for the roles {', '.join(self.roles)}.")

    def _met(self, rights: Rights) -> bool:
        if rights.everything:
            return True
        if self.permission and not self.own and not rights.may(self.permission):
            return False
        if self.roles and rights.role not in self.roles:
            return False
        return rights.signed_in


@lru_cache(maxsize=4096)
def _interned(kind: Kind, role: str | None, permissions: frozenset[str]) -> Rights:
    return Rights(kind is Kind.PERSON, kind is Kind.SYSTEM, role, permissions)


def rights_of(principal: Principal) -> Rights:
    return _interned(principal.kind, principal.role, principal.permissions)
