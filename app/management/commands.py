"""What can be done with the organization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.management import policy, store
from app.management.organizations import Organization
from app.management.values import organization_name
from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from auth.principal import Principal
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class FoundOrganization:
    """The first thing that happens in a tenant. Repeated, it changes nothing."""

    name: str


@handles(FoundOrganization)
async def found_organization(command: FoundOrganization, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_found(who)
    existing = await store.load(tx, tx.tenant.id)
    if existing:
        return [existing]
    organization = Organization.found(tx.tenant.id, tx.tenant.slug, tx.tenant.tier, organization_name(command.name))
    await store.insert_new(tx, organization)
    return [organization]
