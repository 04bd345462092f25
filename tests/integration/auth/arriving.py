"""People who come through an identity provider, without one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from auth.gate import Arrival
from auth.identities import ExternalIdentity
from auth.service import Auth
from auth.sso.checks import SignInRefused
from auth.sso.connections import Connection
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.conftest import House

EVENTS = statement("SELECT action, changes, actor_id FROM __tenant__.audit_entries WHERE correlation_id = :correlation_id ORDER BY at, id")


async def connected(auth: Auth, house: House, **given: Any) -> Connection:
    """A connection of its own for one test, in an organization that owns `{slug}.example`."""
    name = f"c{new_id().hex}"
    connection = Connection(new_id(), name, "oidc", "Company", enabled=True, create_people=True, default_role="reader", secrets={"s": "t"})
    connection = replace(connection, **given)
    await auth.parts.connections.add(house.tenant, connection, Cause(new_id()))
    await own(auth, house.tenant, f"{house.tenant.slug}.example")
    return connection


async def own(auth: Auth, tenant: Tenant, domain: str) -> None:
    await auth.parts.email_domains.claim(tenant, domain, Cause(new_id()))
    await auth.parts.email_domains.vouch(tenant, domain, Cause(new_id()), by="a test")


def somebody(house: House, connection: Connection, **given: Any) -> ExternalIdentity:
    subject = new_id().hex
    identity = ExternalIdentity(connection.id, subject, f"{subject}@{house.tenant.slug}.example", email_verified=True, name="Nell Who")
    return replace(identity, **given)


async def arrive(auth: Auth, house: House, connection: Connection, identity: ExternalIdentity, correlation_id: UUID | None = None) -> Any:
    return await auth.parts.gate.admit(house.tenant, connection, identity, Arrival(correlation_id or new_id(), "192.0.2.7"))


async def refusal(auth: Auth, house: House, connection: Connection, identity: ExternalIdentity) -> tuple[str, dict[str, Any]]:
    """The name of the check that failed, and what the audit log has of it."""
    correlation_id = new_id()
    with pytest.raises(SignInRefused) as caught:
        await arrive(auth, house, connection, identity, correlation_id)
    entries = await audited(auth, house, correlation_id)
    assert entries[-1]["action"] == "SignInRefused"
    said: dict[str, Any] = entries[-1]["changes"]
    assert said["trace"] == caught.value.trace
    assert said["name"] == caught.value.check.name
    return caught.value.check.name, said


async def audited(auth: Auth, house: House, correlation_id: UUID) -> list[Any]:
    database: Database = auth.parts.connections._database
    async with database.reading(house.tenant.place) as connection:
        return list(await connection.fetch(EVENTS, correlation_id=correlation_id))
