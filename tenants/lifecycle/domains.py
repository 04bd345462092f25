"""Hosts of their own that organizations bring: claimed, proven by a TXT record, served."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tenants import audit
from tenants.database import AdminConnection, UniqueTaken
from tenants.errors import Conflict, NotFound, Refusal
from tenants.lifecycle.custom_hosts import custom_host
from tenants.lifecycle.entries import acting, locked, require_open
from tenants.settings import TenantSettings

LABEL = "_imprint-challenge"
KEY = "imprint-verification"
TOKEN_BYTES = 24

_ALL = "SELECT host, verified_at, challenge, created_at FROM control.domains WHERE organization_id = $1 ORDER BY host"
_ONE = "SELECT host, verified_at, challenge, created_at FROM control.domains WHERE organization_id = $1 AND host = $2"
_OTHERS = "SELECT EXISTS (SELECT FROM control.domains WHERE host = $2 AND organization_id <> $1 AND verified_at IS NOT NULL)"


class NotVerified(Refusal):
    """DNS does not say what the organization was asked to make it say."""

    code = "DOMAIN_NOT_VERIFIED"


class TextRecords(Protocol):
    """Who looks TXT records up."""

    async def at(self, name: str) -> list[str]:
        """Every TXT record of the name, sorted, each with its parts joined (RFC 7208, 3.3). Raises NotVerified where there is no answer to use."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A host that an organization says is its own; served once `verified_at` is set."""

    host: str
    challenge: str
    verified_at: datetime | None
    created_at: datetime

    @property
    def record(self) -> str:
        """The name of the TXT record that proves it."""
        return f"{LABEL}.{self.host}"

    @property
    def value(self) -> str:
        """What that record must say."""
        return f"{KEY}={self.challenge}"


async def add(settings: TenantSettings, slug: str, host: str) -> Domain:
    """Claim the host; repeated, the challenge stays. Raises ValidationFailed, NotFound, WrongState, Conflict where another has proven it."""
    name = custom_host(host, settings.base_host)
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        require_open(entry, to="give a host to")
        known = await admin.rows(_ONE, entry.id, name)
        if known:
            return Domain(**dict(known[0].items()))
        if await admin.value(_OTHERS, entry.id, name):
            raise _others(name)
        await admin.run(
            "INSERT INTO control.domains (host, organization_id, challenge) VALUES ($1, $2, $3)", name, entry.id, secrets.token_urlsafe(TOKEN_BYTES)
        )
        await audit.record(admin, "tenant.domain_added", entry.id, entry.slug, host=name)
        return Domain(**dict((await admin.rows(_ONE, entry.id, name))[0].items()))


async def verify(settings: TenantSettings, slug: str, host: str, records: TextRecords) -> Domain:
    """Look the TXT record up, and serve the host from now on where it is as it must be.

    Asked again it looks again; a host that was verified once is served until it is removed, whatever DNS says today.
    Raises NotVerified with what was expected and what was found, Conflict where another organization proved it first.
    """
    name = custom_host(host, settings.base_host)
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        require_open(entry, to="verify a host of")
        domain = await _claimed(admin, entry.id, slug, name)
    _compare(domain, await records.at(domain.record))
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        if (await _claimed(admin, entry.id, slug, name)).challenge != domain.challenge:
            raise Conflict(f"{name} was removed and added again meanwhile: run this again.")
        try:
            fresh = await admin.run(
                "UPDATE control.domains SET verified_at = now() WHERE organization_id = $1 AND host = $2 AND verified_at IS NULL", entry.id, name
            )
        except UniqueTaken:
            raise _others(name) from None
        if fresh == "UPDATE 1":
            await audit.record(admin, "tenant.domain_verified", entry.id, entry.slug, host=name)
        return await _claimed(admin, entry.id, slug, name)


async def remove(settings: TenantSettings, slug: str, host: str) -> tuple[str, bool]:
    """Serve it no longer and forget its challenge. The host's name as it is kept, and whether it was there: repeated, it changes nothing."""
    name = custom_host(host, settings.base_host)
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        was_there = await admin.run("DELETE FROM control.domains WHERE organization_id = $1 AND host = $2", entry.id, name) == "DELETE 1"
        if was_there:
            await audit.record(admin, "tenant.domain_removed", entry.id, entry.slug, host=name)
    return name, was_there


async def all_of(settings: TenantSettings, slug: str) -> list[Domain]:
    """By host. Raises NotFound."""
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        return [Domain(**dict(row.items())) for row in await admin.rows(_ALL, entry.id)]


async def _claimed(admin: AdminConnection, organization: object, slug: str, name: str) -> Domain:
    rows = await admin.rows(_ONE, organization, name)
    if not rows:
        raise NotFound(f"{slug!r} has not claimed {name}: run `imprint tenants domains {slug} add {name}` first.")
    return Domain(**dict(rows[0].items()))


def _compare(domain: Domain, found: list[str]) -> None:
    if domain.value not in found:
        said = ", ".join(repr(text) for text in found)
        raise NotVerified(f"{domain.record} must have the TXT record {domain.value!r}; it has {said}. Correct it, then run this again.")


def _others(name: str) -> Conflict:
    return Conflict(f"Another organization has proven that {name} is its own; it must be removed there first.")
