"""What signing in needs to know of people, and nothing more. `app.users` provides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from tenants.registry import Tenant


@dataclass(frozen=True, slots=True)
class Account:
    """A person of one organization. `permissions` are effective now: the role's and the extra grants.

    `status`: invited, active, suspended, removed or erased; only active people may sign in.
    """

    user_id: UUID
    username: str
    name: str
    status: str
    role: str
    permissions: frozenset[str]


class Accounts(Protocol):
    """People of an organization. Every change goes through the bus, so that it is an event like any other."""

    async def find(self, tenant: Tenant, login: str) -> Account | None:
        """By e-mail address or username, as typed by a person (case and surrounding spaces do not matter)."""

    async def get(self, tenant: Tenant, user_id: UUID) -> Account | None: ...

    async def activate(self, tenant: Tenant, user_id: UUID, correlation_id: UUID) -> None:
        """An invited person has proven their address: let them sign in."""
