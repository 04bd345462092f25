"""What an operator does with an organization's connections to identity providers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from auth.addresses import Addresses
from auth.modules import Surroundings, modules
from auth.saml.module import SamlModule
from auth.scim.tokens import ScimTokens
from auth.sso.connections import Connection, Connections, Kind
from auth.sso.domains import EmailDomain, EmailDomains, email_domain
from auth.sso.mapping import OWNER
from auth.sso.modules import examined
from ops.organizations.lookup import organization
from tenants.database import Database
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.lifecycle.records import DnsRecords
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause

if TYPE_CHECKING:
    from uuid import UUID

    from auth.sso.checks import Check
    from auth.sso.modules import Module
    from ops.settings import Settings

ROLES = statement("SELECT name FROM __tenant__.roles")
LONGEST_LABEL = 60
UNREADABLE = "its secrets do not open; give it others by `imprint connections change`, or remove it and add it again"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A connection as it is asked for. `domains`: of e-mail addresses, that the operator vouches for being the organization's."""

    name: str
    kind: Kind
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    label: str | None = None
    create_people: bool = True
    default_role: str = "reader"
    group_roles: Sequence[tuple[str, str]] = ()
    domains: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Connecting:
    tenant: Tenant
    database: Database
    connections: Connections
    domains: EmailDomains
    modules: Mapping[Kind, Module]
    addresses: Addresses
    dns_servers: Sequence[tuple[str, int]] = ()

    async def add(self, wanted: Wanted) -> dict[str, Any]:
        """Raises ValidationFailed naming all that is wrong, Conflict where there is one of this name."""
        wrong = await self.objections(wanted)
        settings: Mapping[str, Any] = {}
        secrets: Mapping[str, str] = {}
        try:
            settings, secrets = await self.modules[wanted.kind].settle(wanted.settings, wanted.secrets)
        except ValidationFailed as refusal:
            wrong |= refusal.fields
        if wrong:
            raise ValidationFailed(wrong)
        connection = Connection(
            new_id(),
            wanted.name,
            wanted.kind,
            wanted.label or wanted.name,
            enabled=True,
            create_people=wanted.create_people,
            default_role=wanted.default_role,
            settings=settings,
            secrets=secrets,
            group_roles=tuple(wanted.group_roles),
        )
        await self.connections.add(self.tenant, connection, Cause(new_id()))
        await self.vouch(wanted.domains)
        return self.shown(connection)

    async def vouch(self, domains: Sequence[str]) -> None:
        """These are the organization's: the operator says so. Raises ValidationFailed."""
        for domain in domains:
            claimed = await self.domains.claim(self.tenant, domain, Cause(new_id()))
            await self.domains.vouch(self.tenant, claimed.domain, Cause(new_id()), by="the operator")

    async def all(self) -> list[dict[str, Any]]:
        return [self.shown(connection) for connection in await self.connections.of(self.tenant)]

    async def show(self, name: str) -> dict[str, Any]:
        """Raises NotFound."""
        return self.shown(await self.connections.named(self.tenant, name))

    async def switch(self, name: str, *, enabled: bool) -> dict[str, Any]:
        """Raises NotFound."""
        return self.shown(await self.connections.change(self.tenant, name, lambda known: replace(known, enabled=enabled), Cause(new_id())))

    async def remove(self, name: str) -> None:
        """Raises NotFound."""
        await self.connections.remove(self.tenant, name, Cause(new_id()))

    async def renew(self, name: str, step: str) -> dict[str, Any]:
        """Our own certificate of a SAML connection, see `SamlModule.renewed`. Raises NotFound, Conflict."""
        connection = await self.connections.named(self.tenant, name, "saml")
        module = self.modules["saml"]
        assert isinstance(module, SamlModule)  # noqa: S101 - `auth.modules` says so
        renewed = await module.renewed(connection, step)
        return self.shown(await self.connections.change(self.tenant, name, lambda known: replace(known, secrets=renewed.secrets), Cause(new_id())))

    async def test(self, name: str) -> list[Check]:
        """Raises NotFound."""
        connection = await self.connections.named(self.tenant, name)
        return await examined(self.modules[connection.kind], self.tenant, connection)

    async def provisioning(self, name: str, *, days: int | None, revoke: UUID | None) -> dict[str, Any]:
        """The connection's tokens for SCIM, after one was revoked and one was made, which is shown this once.

        Raises NotFound, Conflict, ValidationFailed.
        """
        connection = await self.connections.named(self.tenant, name)
        tokens = ScimTokens(self.database)
        if revoke is not None:
            await tokens.revoke(self.tenant, connection, revoke, Cause(new_id()))
        made = None if days is None else await tokens.make(self.tenant, connection, days, Cause(new_id()))
        held = [
            {
                "id": str(token.id),
                "created_at": token.created_at.isoformat(),
                "expires_at": token.expires_at.isoformat(),
                "last_used": token.last_used_at.isoformat() if token.last_used_at else None,
            }
            for token in await tokens.of(self.tenant, connection.id)
        ]
        shown = {"name": name, "address": f"{self.addresses.of(self.tenant)}/scim/v2", "tokens": held}
        return shown | {"token": made} if made else shown

    async def email_domains(self) -> list[dict[str, Any]]:
        return [_shown_domain(domain) for domain in await self.domains.of(self.tenant)]

    async def change_email_domain(self, action: str, domain: str) -> dict[str, Any]:
        """Add claims it, verify looks for its TXT record, remove gives it up. Raises ValidationFailed, NotFound, NotVerified."""
        name, cause = email_domain(domain), Cause(new_id())
        if action == "remove":
            await self.domains.remove(self.tenant, name, cause)
            return {"domain": name, "removed": True}
        if action == "add":
            return _shown_domain(await self.domains.claim(self.tenant, name, cause))
        await self.domains.verify(self.tenant, name, DnsRecords(self.dns_servers), cause)
        return next(_shown_domain(one) for one in await self.domains.of(self.tenant) if one.domain == name)

    def shown(self, connection: Connection) -> dict[str, Any]:
        """Everything but secrets."""
        return {
            "name": connection.name,
            "kind": connection.kind,
            "label": connection.label,
            "enabled": connection.enabled,
            "sign_in": self.addresses.of(self.tenant) + self.modules[connection.kind].start(connection),
            "copied": {title: self.addresses.of(self.tenant) + path for title, path in self.modules[connection.kind].copied(connection)},
            "creates_people": connection.create_people,
            "default_role": connection.default_role,
            "groups": dict(connection.group_roles),
            "settings": dict(connection.settings),
            "secrets": sorted(connection.secrets),
            "trouble": UNREADABLE if connection.unopened is not None else "",
            "id": str(connection.id),
        }

    async def objections(self, wanted: Wanted) -> dict[str, str]:
        """What is wrong with its name, its label, its roles and its domains."""
        wrong: dict[str, str] = {}
        if not _NAME.fullmatch(wanted.name):
            wrong["name"] = "takes 1 to 40 lower-case letters, digits and hyphens within, as addresses have it"
        if wanted.label is not None and not 1 <= len(wanted.label.strip()) <= LONGEST_LABEL:
            wrong["label"] = f"takes 1 to {LONGEST_LABEL} characters"
        async with self.database.reading(self.tenant.place) as connection:
            known = {row["name"] for row in await connection.fetch(ROLES)}
        for field_name, role in [("default_role", wanted.default_role), *((f"map.{group}", role) for group, role in wanted.group_roles)]:
            if role == OWNER:
                wrong[field_name] = "cannot be owner: owners are made by owners"
            elif role not in known:
                wrong[field_name] = f"is no role of this organization; there are {', '.join(sorted(known))}"
        for domain in wanted.domains:
            try:
                email_domain(domain)
            except ValidationFailed as refusal:
                wrong[f"domain.{domain}"] = refusal.fields["domain"]
        return wrong


def _shown_domain(domain: EmailDomain) -> dict[str, Any]:
    """With the TXT record that proves it, while nothing has."""
    shown = {"domain": domain.domain, "verified_at": domain.verified_at.isoformat() if domain.verified_at else None}
    return shown if domain.verified_at else shown | {"record": {"name": domain.record, "type": "TXT", "value": domain.value}}


@asynccontextmanager
async def connecting(settings: Settings, slug: str) -> AsyncIterator[Connecting]:
    """Raises NotFound, NeverMigrated."""
    async with organization(settings, slug) as (database, tenant):
        addresses = Addresses(settings.tenants.public_url)
        kinds = modules(Surroundings(addresses, settings.tenants.dev, settings.auth.private_networks))
        yield Connecting(tenant, database, Connections(database), EmailDomains(database), kinds, addresses, settings.auth.dns_servers)
