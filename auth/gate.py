"""From an identity that a provider vouches for to an account here, on the terms of the connection. Every step is in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from auth.accounts import Account, Accounts
from auth.identities import LONGEST_SUBJECT, ExternalIdentity, Terms
from auth.measures import SIGN_INS
from auth.sso.checks import SignInRefused, refused
from auth.sso.connections import Connection
from auth.sso.domains import EmailDomains
from auth.sso.mapping import role_of
from auth.sso.trail import SIGNED_IN, Happened, Trail
from tenants.registry import Tenant
from tenants.sentences import sentence


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a sign-in comes from. `address` is an IP address or None."""

    correlation_id: UUID
    address: str | None


class Gate:
    def __init__(self, accounts: Accounts, domains: EmailDomains, trail: Trail) -> None:
        self._accounts = accounts
        self._domains = domains
        self._trail = trail

    async def admit(self, tenant: Tenant, connection: Connection, identity: ExternalIdentity, arrival: Arrival) -> Account:
        """The person, linked, made or found, with the role that their groups give. Raises SignInRefused, written down already."""
        try:
            account = await self._admitted(tenant, connection, identity, arrival)
        except SignInRefused as refusal:
            await self.refuse(tenant, connection, refusal, arrival)
            raise
        SIGN_INS.labels(connection.kind, "signed_in").inc()
        await self._trail.tell(
            tenant,
            Happened(SIGNED_IN, connection.kind, arrival.correlation_id, connection.id, account.user_id, arrival.address, {"role": account.role}),
        )
        return account

    async def rehearse(self, tenant: Tenant, connection: Connection, identity: ExternalIdentity) -> Account:
        """As whom they would come in; nothing of it is done, and the connection may be switched off still. Raises SignInRefused."""
        return await self._accounts.rehearse(tenant, identity, await self._terms(tenant, connection, identity))

    async def refuse(self, tenant: Tenant, connection: Connection, refusal: SignInRefused, arrival: Arrival) -> None:
        """Write down a refusal that a module raised; from then on it carries the number for its page."""
        if refusal.trace is None:
            happened = Happened("", connection.kind, arrival.correlation_id, connection.id, None, arrival.address, {"connection": connection.name})
            await self._trail.refusal(tenant, refusal, happened)

    async def _admitted(self, tenant: Tenant, connection: Connection, identity: ExternalIdentity, arrival: Arrival) -> Account:
        if not connection.enabled:
            raise refused("connection_enabled", "a connection that is switched on", "one that is switched off")
        terms = await self._terms(tenant, connection, identity)
        return await self._accounts.arrive(tenant, identity, terms, arrival.correlation_id)

    async def _terms(self, tenant: Tenant, connection: Connection, identity: ExternalIdentity) -> Terms:
        if not identity.subject or len(identity.subject) > LONGEST_SUBJECT or "\0" in identity.subject:
            raise refused(
                "subject",
                sentence("the person's id, 1 to {most} characters", most=LONGEST_SUBJECT),
                sentence("{number} characters", number=len(identity.subject)),
            )
        return Terms(
            create=connection.create_people,
            default_role=connection.default_role,
            mapped=role_of(identity.groups, connection.group_roles, connection.default_role),
            domains=await self._domains.verified(tenant),
            group_roles=tuple(connection.group_roles),
        )
