"""On whose behalf something is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    ANONYMOUS = "anonymous"
    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, with the rights that hold now (at most five seconds old), not those a token once named.

    `connection_id`: the product itself acts because that identity provider told it something; the events say so.
    `language`: the one they prefer (BCP 47), where they said so.
    `elevated`: they have proven lately who they are; so it is, too, for whoever is no session: services, API tokens, the product itself.
    """

    kind: Kind
    user_id: UUID | None = None
    role: str | None = None
    permissions: frozenset[str] = frozenset()
    session_id: UUID | None = None
    connection_id: UUID | None = None
    language: str | None = None
    elevated: bool = True

    def may(self, permission: str) -> bool:
        return self.kind is Kind.SYSTEM or permission in self.permissions


ANONYMOUS = Principal(Kind.ANONYMOUS)
SYSTEM = Principal(Kind.SYSTEM)
