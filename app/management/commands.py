"""What can be done with the organization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.management import policy, store
from app.management.organizations import Changes, Organization, OrganizationKept
from app.management.values import BRANDING, POLICIES, SETTINGS, changes, organization_name, unlocked, value_at
from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.recording import expect_version
from app.shared.unset import UNSET, Unset
from auth import enforced
from auth.policies import within
from auth.principal import Kind, Principal
from tenants.errors import NotFound, ValidationFailed
from tenants.sentences import sentence
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class FoundOrganization:
    """The first thing that happens in a tenant. Repeated, it changes nothing."""

    name: str


@dataclass(frozen=True, slots=True)
class ReceiveOrganization:
    """The organization was carried over with all that is in it: under its old id it ends here, under its new one it begins. Once."""

    from_id: UUID


@dataclass(frozen=True, slots=True)
class FoundInLikeness:
    """The first thing that happens in a tenant that is made in another one's likeness. Repeated, it changes nothing."""

    like: OrganizationKept


@dataclass(frozen=True, slots=True)
class RenameOrganization:
    """The operator gave it another address. Repeated, it changes nothing; so do the others that tell what the operator decided."""

    slug: str


@dataclass(frozen=True, slots=True)
class ConfigureOrganization:
    """As its people give it: JSON, of which only what is to change. Refused where `expected_version` is given and no longer the organization's.

    `address`: from where it is asked for; whoever names networks may not shut themselves out.
    """

    expected_version: int | None = None
    name: str | Unset | None = UNSET
    settings: Any = UNSET
    branding: Any = UNSET
    policies: Any = UNSET
    address: str | None = None

    def checked(self) -> Changes:
        """Raises ValidationFailed, with everything that is wrong."""
        wrong: dict[str, str] = {}
        name = None
        if self.name is None:
            wrong["name"] = "takes no null; leave it out to keep what is there"
        elif self.name is not UNSET:
            try:
                name = organization_name(self.name)
            except ValidationFailed as refusal:
                wrong.update(refusal.fields)
        given = (("settings", SETTINGS, self.settings), ("branding", BRANDING, self.branding), ("policies", POLICIES, self.policies))
        read = {field: changes(rules, value, field, wrong) for field, rules, value in given if value is not UNSET}
        if wrong:
            raise ValidationFailed(wrong)
        return Changes(name, **read)


@dataclass(frozen=True, slots=True)
class ChangeTier:
    tier: str
    quotas: dict[str, int]


@dataclass(frozen=True, slots=True)
class SuspendOrganization:
    reason: str | None


@dataclass(frozen=True, slots=True)
class ResumeOrganization:
    pass


@handles(FoundOrganization)
async def found_organization(command: FoundOrganization, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_found(who)
    existing = await store.load(tx, tx.tenant.id)
    if existing:
        return [existing]
    organization = Organization.found(tx.tenant.id, tx.tenant.slug, tx.tenant.tier, organization_name(command.name))
    await store.insert_new(tx, organization)
    return [organization]


@handles(ReceiveOrganization)
async def receive_organization(command: ReceiveOrganization, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_found(who)
    before, like = await store.load(tx, command.from_id), await store.load_kept(tx, command.from_id)
    if before is None or like is None:
        raise NotFound("What was carried over holds no organization of this id: run `imprint events verify` where it comes from.")
    like = replace(like, policies=unlocked(like.policies))
    before.move(tx.tenant.id)
    organization = Organization.receive(tx.tenant.id, like, tx.tenant.slug, tx.tenant.tier)
    await store.delete_moved(tx, before)
    await store.insert_received(tx, organization, like)
    return [before, organization]


@handles(FoundInLikeness)
async def found_in_likeness(command: FoundInLikeness, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_found(who)
    existing = await store.load(tx, tx.tenant.id)
    if existing:
        return [existing]
    like = replace(command.like, policies=unlocked(command.like.policies))
    organization = Organization.receive(tx.tenant.id, like, tx.tenant.slug, tx.tenant.tier)
    await store.insert_received(tx, organization, like)
    return [organization]


@handles(ConfigureOrganization)
async def configure_organization(command: ConfigureOrganization, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_configure(who)
    wanted = command.checked()
    organization = await _load(tx)
    expect_version(organization, command.expected_version)
    before = organization.policies
    organization.configure(wanted)
    await _check_sign_in(before, organization.policies, command, who, tx)
    return await _save(organization, tx)


async def _check_sign_in(before: dict[str, Any], after: dict[str, Any], command: ConfigureOrganization, who: Principal, tx: Transaction) -> None:
    """Nobody is shut out by mistake. Raises ValidationFailed."""
    was, becomes = before.get("signIn"), after.get("signIn")
    if was == becomes:
        return
    await enforced.check(tx, enforced.Held.of(was), enforced.Held.of(becomes))
    networks = value_at(POLICIES, after, "signIn.allowedNetworks")
    changed = networks != value_at(POLICIES, before, "signIn.allowedNetworks")
    if changed and who.kind is not Kind.SYSTEM and not within(networks, command.address):
        raise ValidationFailed(
            {
                "policies.signIn.allowedNetworks": sentence(
                    "has to hold the address from which you change it, {address}: you would shut yourself out", address=command.address or "unknown"
                )
            }
        )


@handles(RenameOrganization)
async def rename_organization(command: RenameOrganization, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _tell(who, tx, lambda organization: organization.rename(command.slug))


@handles(ChangeTier)
async def change_tier(command: ChangeTier, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _tell(who, tx, lambda organization: organization.change_tier(command.tier, command.quotas))


@handles(SuspendOrganization)
async def suspend_organization(command: SuspendOrganization, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _tell(who, tx, lambda organization: organization.suspend(command.reason))


@handles(ResumeOrganization)
async def resume_organization(_: ResumeOrganization, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await _tell(who, tx, Organization.resume)


async def _tell(who: Principal, tx: Transaction, verb: Callable[[Organization], None]) -> Sequence[Aggregate]:
    policy.may_tell(who)
    organization = await _load(tx)
    verb(organization)
    return await _save(organization, tx)


async def _load(tx: Transaction) -> Organization:
    organization = await store.load(tx, tx.tenant.id)
    if organization is None:
        raise NotFound("This organization was never founded: run `imprint tenants create` again to finish it.")
    return organization


async def _save(organization: Organization, tx: Transaction) -> Sequence[Aggregate]:
    if organization.recorded:
        await store.save(tx, organization)
    return [organization]
