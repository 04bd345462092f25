"""What signing in needs to know of people, and nothing more. `app.users` provides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from auth.identities import ExternalIdentity, Terms
from tenants.registry import Tenant


@dataclass(frozen=True, slots=True)
class Account:
    """A person of one organization. `permissions` are effective now: the role's and the extra grants.

    `language`: the one they prefer (BCP 47), where they said so; None where they are found by what they typed.
    `status`: invited, active, suspended, removed or erased; only active people may sign in.
    """

    user_id: UUID
    username: str
    name: str
    status: str
    role: str
    permissions: frozenset[str]
    language: str | None = None


async def known_of(accounts: Accounts, tenant: Tenant, account: Account, organization: str) -> tuple[str, ...]:
    """What others know of a person, and what their organization is called: a password is not made of it."""
    address = await accounts.address(tenant, account.user_id)
    return (organization, account.name, account.username, address or "")


class Accounts(Protocol):
    """People of an organization. Every change goes through the bus, so that it is an event like any other."""

    async def find(self, tenant: Tenant, login: str) -> Account | None:
        """By e-mail address or username, as typed by a person (case and surrounding spaces do not matter)."""

    async def get(self, tenant: Tenant, user_id: UUID) -> Account | None: ...

    async def address(self, tenant: Tenant, user_id: UUID) -> str | None:
        """Their e-mail address; None where there is nobody, or nobody any more."""

    async def roles(self, tenant: Tenant) -> frozenset[str]:
        """The roles that there are, by name."""

    async def accept(self, tenant: Tenant, token: str, password_hash: str, name: str | None, correlation_id: UUID) -> None:
        """Whoever has an invitation's link comes in: with this password and, if given, another name. The link is spent with it.

        Raises LinkSpent and the refusals of whichever rule says no.
        """

    async def arrive(self, tenant: Tenant, identity: ExternalIdentity, terms: Terms, correlation_id: UUID) -> Account:
        """Somebody an identity provider vouches for: linked, found by a proven address, or made. Raises SignInRefused, QuotaExceeded."""

    async def rehearse(self, tenant: Tenant, identity: ExternalIdentity, terms: Terms) -> Account:
        """As whom they would arrive, and nothing of it is done. Raises as `arrive`."""

    async def confirm_address(self, tenant: Tenant, token: str, correlation_id: UUID) -> None:
        """Whoever has the link can be reached at the address they gave. Raises as `accept`."""
