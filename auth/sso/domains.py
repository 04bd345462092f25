"""Domains of e-mail addresses that an organization has proven to be its own: only they let somebody in by address."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.errors import NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.lifecycle.domains import NotVerified, TextRecords
from tenants.registry import Tenant
from tenants.sentences import sentence
from tenants.statements import statement
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database

LABEL = "_imprint-challenge"
KEY = "imprint-email-verification"
LONGEST = 253

ALL = statement("SELECT domain, challenge, verified_at FROM __tenant__.email_domains ORDER BY domain")
VERIFIED = statement("SELECT domain FROM __tenant__.email_domains WHERE verified_at IS NOT NULL")
CLAIM = statement(
    """
    INSERT INTO __tenant__.email_domains (domain, challenge, created_at) VALUES (:domain, :challenge, :now)
    ON CONFLICT (domain) DO UPDATE SET domain = excluded.domain RETURNING domain, challenge, verified_at
    """
)
VERIFY = statement("UPDATE __tenant__.email_domains SET verified_at = coalesce(verified_at, :now) WHERE domain = :domain")
# To the installation, in the transaction that proves a domain or gives it up: an organization's role may add there and do nothing else.
TELL = statement("INSERT INTO control.realm_domains (id, domain, proven) VALUES (:id, :domain, :proven)")
REMOVE = statement("DELETE FROM __tenant__.email_domains WHERE domain = :domain")


@dataclass(frozen=True, slots=True)
class EmailDomain:
    """`verified_at` is None while the TXT record `record`, saying `value`, was not seen yet."""

    domain: str
    challenge: str
    verified_at: datetime | None

    @property
    def record(self) -> str:
        return f"{LABEL}.{self.domain}"

    @property
    def value(self) -> str:
        return f"{KEY}={self.challenge}"


class EmailDomains:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, tenant: Tenant) -> list[EmailDomain]:
        async with self._database.reading(tenant.place) as connection:
            return [EmailDomain(row["domain"], row["challenge"], row["verified_at"]) for row in await connection.fetch(ALL)]

    async def verified(self, tenant: Tenant) -> frozenset[str]:
        async with self._database.reading(tenant.place) as connection:
            return frozenset(row["domain"] for row in await connection.fetch(VERIFIED))

    @repeatable
    async def claim(self, tenant: Tenant, domain: str, cause: Cause) -> EmailDomain:
        """Claimed twice, the challenge stays. Raises ValidationFailed."""
        name = email_domain(domain)
        async with transaction(self._database, tenant, cause) as change:
            row = await change.connection.fetchrow(CLAIM, domain=name, challenge=secrets.token_urlsafe(24), now=change.now)
            assert row is not None  # noqa: S101 - an upsert returns its row
            return EmailDomain(row["domain"], row["challenge"], row["verified_at"])

    @repeatable
    async def vouch(self, tenant: Tenant, domain: str, cause: Cause, *, by: str) -> None:
        """It is theirs: `by` says who or what has proven it. Raises NotFound where it was not claimed."""
        async with transaction(self._database, tenant, cause) as change:
            if not await change.connection.execute(VERIFY, domain=domain, now=change.now):
                raise NotFound(sentence("{domain} was not claimed here. Add it first.", domain=domain))
            await change.connection.execute(TELL, id=new_id(), domain=domain, proven=True)
            await tell_in(
                change, Happened("EmailDomainVerified", "domains", cause.correlation_id, user_id=cause.user_id, details={"domain": domain, "by": by})
            )

    async def verify(self, tenant: Tenant, domain: str, records: TextRecords, cause: Cause) -> None:
        """Look for the TXT record. Raises NotFound, NotVerified saying what DNS has instead."""
        claimed = next((one for one in await self.of(tenant) if one.domain == domain), None)
        if claimed is None:
            raise NotFound(sentence("{domain} was not claimed here. Add it first.", domain=domain))
        found = await records.at(claimed.record)
        if claimed.value not in found:
            said = ", ".join(repr(text[:80]) for text in found[:5])
            raise NotVerified(
                sentence(
                    "{record} must have the TXT record {value}; it has {found}. Correct it, then try again.",
                    record=claimed.record,
                    value=repr(claimed.value),
                    found=said,
                )
            )
        await self.vouch(tenant, domain, cause, by="DNS")

    @repeatable
    async def remove(self, tenant: Tenant, domain: str, cause: Cause) -> None:
        """Raises NotFound."""
        async with transaction(self._database, tenant, cause) as change:
            if not await change.connection.execute(REMOVE, domain=domain):
                raise NotFound(sentence("{domain} was not claimed here.", domain=domain))
            await change.connection.execute(TELL, id=new_id(), domain=domain, proven=False)
            await tell_in(change, Happened("EmailDomainRemoved", "domains", cause.correlation_id, user_id=cause.user_id, details={"domain": domain}))


def email_domain(text: str) -> str:
    """In lower case, as ASCII (RFC 5891). Raises ValidationFailed."""
    try:
        name = text.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    first, *others = name.split(".")
    if not others or len(name) > LONGEST or not all(label.replace("-", "").isalnum() for label in (first, *others)):
        raise ValidationFailed({"domain": "is no domain of e-mail addresses; give one like example.com"})
    return name


def domain_of(email: str) -> str:
    """The part behind the last @, comparable with those proven; "" where there is none."""
    _, at, domain = email.rpartition("@")
    try:
        return email_domain(domain) if at else ""
    except ValidationFailed:
        return ""
