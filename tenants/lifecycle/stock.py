"""The stock: places made beforehand, so that a new organization only has to claim one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tenants.database import AdminConnection, Place
from tenants.ids import new_id
from tenants.lifecycle.making import Names, Provisioner, make_place
from tenants.naming import checked_role, checked_schema, quoted
from tenants.settings import TenantSettings
from tenants.statements import statement

MOST = 500
# A place locks each of its tables and indexes until it is committed, and Postgres has a fixed number of locks for all.
BATCH = 8
_KEY = 0x73746F636B  # "stock" in ASCII

LEVELS = statement("SELECT revision, count(*) AS places FROM control.stock GROUP BY revision")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A place that is the organization's from now on, and the id it was made for."""

    organization: UUID
    place: Place


async def claim(admin: AdminConnection, revision: str) -> Claimed | None:
    """Take the oldest place at this revision out of the stock, within a transaction that acts as the owner; None where there is none.

    Whoever claims at the same time gets another one.
    """
    rows = await admin.rows(
        "DELETE FROM control.stock WHERE organization_id = "
        "(SELECT organization_id FROM control.stock WHERE revision = $1 ORDER BY made_at, organization_id LIMIT 1 FOR UPDATE SKIP LOCKED) "
        "RETURNING organization_id, schema, role",
        revision,
    )
    if not rows:
        return None
    return Claimed(rows[0]["organization_id"], Place(checked_schema(rows[0]["schema"]), checked_role(rows[0]["role"])))


async def fill(admin: AdminConnection, settings: TenantSettings, provisioner: Provisioner, wanted: int) -> int:
    """Make places until there are as many as wanted at the provisioner's revision; how many were made.

    All of them at once: each time roles were added, every session pays for its next change of role. A place, its role and
    its row are there together or not at all; whoever fills at the same time waits.
    """
    made = 0
    while batch := await _make_batch(admin, settings, provisioner, wanted):
        made += batch
    return made


async def discard(admin: AdminConnection, settings: TenantSettings, revisions: Collection[str]) -> int:
    """Remove places made at these revisions, schema and role with them: they are empty and nobody's. How many were removed."""
    async with admin.transaction(settings.owner_role):
        old = await admin.rows("SELECT organization_id FROM control.stock WHERE revision = ANY ($1)", list(revisions))
    return sum([await _discard_one(admin, settings, row["organization_id"]) for row in old])


async def _make_batch(admin: AdminConnection, settings: TenantSettings, provisioner: Provisioner, wanted: int) -> int:
    async with admin.transaction(settings.owner_role):
        await admin.run("SELECT pg_advisory_xact_lock($1)", _KEY)
        there: int = await admin.value("SELECT count(*) FROM control.stock WHERE revision = $1", provisioner.revision)
        missing = min(BATCH, wanted - there)
        if missing <= 0:
            return 0
        # Lost in a crash, a place is made again.
        await admin.run("SET LOCAL synchronous_commit = off")
        names = await Names.read(admin, settings)
        for _ in range(missing):
            organization = new_id()
            place = await make_place(admin, names, provisioner, organization)
            await admin.run(
                "INSERT INTO control.stock (organization_id, schema, role, revision) VALUES ($1, $2, $3, $4)",
                organization,
                place.schema,
                place.role,
                provisioner.revision,
            )
        return missing


async def _discard_one(admin: AdminConnection, settings: TenantSettings, organization: UUID) -> bool:
    """False where it was claimed or removed meanwhile."""
    async with admin.transaction(settings.owner_role):
        rows = await admin.rows("DELETE FROM control.stock WHERE organization_id = $1 RETURNING schema, role", organization)
        if not rows:
            return False
        await admin.run(f"DROP SCHEMA {quoted(checked_schema(rows[0]['schema']))} CASCADE")
        await admin.run("RESET ROLE")
        await admin.run(f"DROP ROLE {quoted(checked_role(rows[0]['role']))}")
    return True
