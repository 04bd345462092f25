"""Whose schemas are compared, and which are only named, with why."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from uuid import UUID

from migrations.drift.differences import Difference
from migrations.drift.facts import Described
from migrations.history import History, knows
from migrations.survey import survey
from tenants.naming import checked_role, checked_schema

if TYPE_CHECKING:
    from tenants.database import AdminConnection

EVERYTHING = "*"
_BETWEEN = (
    "SELECT slug, purge_began_at IS NOT NULL AS purged FROM control.organizations "
    "WHERE purge_began_at IS NOT NULL OR (status = 'provisioning' AND origin <> 'created') ORDER BY slug"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A schema that should be what its revision makes. `slug` is None in the stock."""

    id: UUID
    slug: str | None
    place: Described
    revision: str

    @property
    def called(self) -> str:
        return self.slug or f"stock {self.place.schema}"


async def subjects(admin: AdminConnection, owner: str, tenants: str) -> tuple[list[Subject], list[str], list[tuple[str | None, Difference]]]:
    """Those to be compared; a line for each that is not; registry rows that name no schema or role of ours. Raises NotFound where nobody matches."""
    compared: list[Subject] = []
    wrong: list[tuple[str | None, Difference]] = []
    rows = await _rows(admin, owner, tenants)
    async with admin.transaction(owner):
        between = [row for row in await admin.rows(_BETWEEN) if fnmatchcase(row["slug"], tenants)]
    said = [f"{row['slug']}: not compared, since it is {'being purged' if row['purged'] else 'not wholly imported'}" for row in between]
    unfinished = {row["slug"] for row in between}
    for organization, slug, schema, role, revision in rows:
        if slug in unfinished:
            continue
        if revision is None:
            said.append(f"{slug}: not compared, since it has not come to a revision yet")
        elif not knows(History.TENANT, revision):
            said.append(f"{slug or schema}: not compared, since this release does not know its revision {revision}")
        else:
            try:
                place = Described(checked_schema(schema), checked_role(role))
            except ValueError as error:
                wrong.append((slug, Difference("registry row", schema, "names of ours", str(error))))
            else:
                compared.append(Subject(organization, slug, place, revision))
    return compared, said, wrong


async def _rows(admin: AdminConnection, owner: str, tenants: str) -> list[tuple[UUID, str | None, str, str, str | None]]:
    rows: list[tuple[UUID, str | None, str, str, str | None]] = [
        (standing.id, standing.slug, standing.schema, standing.role, standing.revision) for standing in await survey(admin, owner, tenants)
    ]
    if tenants == EVERYTHING:
        async with admin.transaction(owner):
            stock = await admin.rows("SELECT organization_id, schema, role, revision FROM control.stock ORDER BY organization_id")
        rows += [(row["organization_id"], None, row["schema"], row["role"], row["revision"]) for row in stock]
    return rows


async def revision_now(admin: AdminConnection, owner: str, subject: Subject) -> str | None:
    """Where it stands at this moment; None where it is gone."""
    table, key = ("organizations", "id") if subject.slug else ("stock", "organization_id")
    async with admin.transaction(owner):
        found = await admin.value(f"SELECT revision FROM control.{table} WHERE {key} = $1", subject.id)  # noqa: S608 - one of two names of our own
    return str(found) if found else None
