"""Comparing every tenant's schema, the stock's and control with what their revisions make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrations.control_schema import control_revision
from migrations.drift.differences import Difference, differences, unbuilt
from migrations.drift.facts import AS_CONTROL, AS_TENANT, Described, digests, facts
from migrations.drift.rehearsal import Made, control_made, tenants_made
from migrations.drift.strays import strays
from migrations.drift.subjects import EVERYTHING, Subject, revision_now, subjects
from migrations.drift.versions import versions
from migrations.history import History, head
from tenants.database import connect_as_admin
from tenants.errors import Refusal
from tenants.lifecycle import NeverMigrated

if TYPE_CHECKING:
    from tenants.database import AdminConnection
    from tenants.settings import TenantSettings

AT_ONCE = 100
CONTROL = "control"

Progress = Callable[[str], None]


class ControlBehind(Refusal):
    """The control schema lacks what the comparison reads."""

    code = "CONTROL_BEHIND"


@dataclass(frozen=True, slots=True)
class Drifted:
    """A schema that is not what its revision makes. `slug` and `revision` are None where nobody owns it."""

    slug: str | None
    schema: str
    revision: str | None
    differences: Sequence[Difference]

    def as_json(self) -> dict[str, object]:
        return {
            "slug": self.slug,
            "schema": self.schema,
            "revision": self.revision,
            "differences": [difference.as_json() for difference in self.differences],
        }

    def lines(self) -> list[str]:
        return [f"{self.slug or self.schema}: {difference.sentence()}" for difference in self.differences]


@dataclass(slots=True)
class Findings:
    """`compared` schemas; those that `drifted`; `said`: what a person should know that is no drift."""

    compared: int = 0
    drifted: list[Drifted] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


async def drift(settings: TenantSettings, tenants: str = EVERYTHING, progress: Progress = lambda _line: None) -> Findings:
    """Changes nothing. A pattern of slugs leaves out control, the stock and strays.

    Raises NeverMigrated, NewerRelease, ControlBehind, NotFound, DatabaseUnavailable.
    """
    async with connect_as_admin(settings.admin_database_url, "imprint-drift") as admin:
        control = await _known_control(admin, settings.owner_role)
        found, said, wrong = await subjects(admin, settings.owner_role, tenants)
        findings = Findings(said=said)
        findings.drifted.extend(Drifted(slug, difference.name, None, [difference]) for slug, difference in wrong)
        made = await tenants_made(admin, settings, sorted({subject.revision for subject in found}))
        for start in range(0, len(found), AT_ONCE):
            await _compare(admin, settings.owner_role, found[start : start + AT_ONCE], made, findings)
            progress(f"{findings.compared} of {len(found)} compared")
        if tenants == EVERYTHING:
            await _compare_control(admin, settings, control, findings)
            for name, stray in (await strays(admin, settings.owner_role)).items():
                findings.drifted.append(Drifted(None, name, None, [stray]))
    return findings


async def _known_control(admin: AdminConnection, owner: str) -> str:
    revision = await control_revision(admin, owner)
    if revision is None:
        raise NeverMigrated("This database has no control schema yet: run `imprint migrate up` first.")
    if revision != head(History.CONTROL):
        raise ControlBehind(f"The control schema is at revision {revision} of {head(History.CONTROL)}: run `imprint migrate up` first.")
    return revision


async def _compare(admin: AdminConnection, owner: str, batch: Sequence[Subject], made: dict[str, Made], findings: Findings) -> None:
    """Hashes first: only where one differs are the facts themselves read."""
    hashes = await digests(admin, [subject.place for subject in batch], AS_TENANT)
    stated = await versions(admin, owner, [subject.place.schema for subject in batch])
    for subject in batch:
        if hashes.get(subject.place.schema) != made[subject.revision].digest or _misstated(stated.get(subject.place.schema), subject.revision):
            await _look_closer(admin, owner, subject, made[subject.revision], findings)
    findings.compared += len(batch)


async def _look_closer(admin: AdminConnection, owner: str, subject: Subject, made: Made, findings: Findings) -> None:
    found = await facts(admin, subject.place, AS_TENANT)
    stated = (await versions(admin, owner, [subject.place.schema])).get(subject.place.schema)
    async with admin.transaction(owner):
        rows = await admin.rows("SELECT name FROM control.pending_indexes WHERE organization_id = $1", subject.id)
    if await revision_now(admin, owner, subject) != subject.revision:
        findings.said.append(f"{subject.called}: moved while it was compared; run this again")
        return
    everything = differences(made.facts, found) if found else [Difference("schema", subject.place.schema, "", None)]
    pending = unbuilt(everything, {row["name"] for row in rows})
    findings.said.extend(f"{subject.called}: index {one.name} is pending" for one in pending)
    left = [one for one in everything if one not in pending]
    left += _misstated(stated, subject.revision)
    if left:
        findings.drifted.append(Drifted(subject.slug, subject.place.schema, subject.revision, left))


def _misstated(rows: Sequence[str] | None, revision: str) -> list[Difference]:
    """Where the version rows are not this one alone; None for rows that cannot be read, which is a difference of the table's own."""
    if rows is None or list(rows) == [revision]:
        return []
    return [Difference("revision", "in alembic_version", revision, " and ".join(rows) or None)]


async def _compare_control(admin: AdminConnection, settings: TenantSettings, revision: str, findings: Findings) -> None:
    made = await control_made(admin, settings, revision)
    found = differences(made.facts, await facts(admin, Described(CONTROL), AS_CONTROL))
    async with admin.transaction(settings.owner_role):
        rows = await admin.rows("SELECT version_num FROM control.alembic_version ORDER BY 1")
    found += _misstated([row["version_num"] for row in rows], revision)
    findings.compared += 1
    if found:
        findings.drifted.insert(0, Drifted(CONTROL, CONTROL, revision, found))
