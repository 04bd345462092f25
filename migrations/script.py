"""A plan as a script for psql: what the run would send, for eyes or for a hand that sends it.

It stops at the first statement that fails, and at the first tenant that is not where the plan saw it: each stage ends with a
block that moves the registry only from there. Every transaction leaves whole tenants behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from migrations.backoff import LONGEST_LOCK_MS
from migrations.control_schema import control_revision
from migrations.guarded import GuardedIndex
from migrations.history import Execution, History, head
from migrations.indexes import LETS_OTHERS_WORK
from migrations.installation import Installation, read
from migrations.ledger import ANNOUNCE
from migrations.plan import Move, Options, Plan
from migrations.replay import names_of
from migrations.runner import planned
from migrations.sql.indexes import concurrently
from migrations.stages import Stage, upwards
from migrations.survey import Standing
from migrations.tokens import LOGIN_ROLE, TENANT_SCHEMA, TENANTS_GROUP, replaced
from tenants.database import connect_as_admin
from tenants.naming import quoted
from tenants.settings import TenantSettings

Unbuilt = Mapping[UUID, Sequence[GuardedIndex]]
_UNLESS_THERE = re.compile(r"\bCONCURRENTLY\b(?!\s+IF\b)", re.IGNORECASE)
_PENDING = "SELECT organization_id, name, statement FROM control.pending_indexes ORDER BY created_at, name"


async def printed(settings: TenantSettings, options: Options, planner: Callable[[Sequence[Standing], Options], Plan]) -> list[str]:
    """The script, line by line: control's part where control is behind, then the tenants'. Nothing is locked or changed."""
    plan = await planned(settings, options, planner)
    async with connect_as_admin(settings.admin_database_url) as admin:
        current = await control_revision(admin, settings.owner_role)
        installation = await read(admin, settings)
        unbuilt: dict[UUID, list[GuardedIndex]] = {}
        if any(move.tenant.unbuilt for move in plan.moves):
            async with admin.transaction(settings.owner_role):
                for row in await admin.rows(_PENDING):
                    unbuilt.setdefault(row["organization_id"], []).append(GuardedIndex(row["name"], "", row["statement"]))
    if installation is None:
        return ["-- there is no installation yet: imprint migrate up makes its roles and rights, which no script shows, and the control schema"]
    control = list(_control(installation, current)) if plan.command == "up" else []
    return [*_head(plan, settings.owner_role), *control, *script(plan, unbuilt)]


def script(plan: Plan, unbuilt: Unbuilt) -> Iterator[str]:
    """Each tenant's stages in order, up to the first that no SQL shows. `unbuilt`: what earlier runs left to be built."""
    for move in plan.moves:
        yield from _tenant(move, unbuilt.get(move.tenant.id, ()))


def _head(plan: Plan, owner: str) -> Iterator[str]:
    yield from (f"-- {line}" for line in plan.lines())
    yield "-- for psql, as the role of IMPRINT_ADMIN_DATABASE_URL; the ledger of runs will not know of it"
    yield "\\set ON_ERROR_STOP on"
    yield "SET search_path = pg_catalog;"
    yield f"SET ROLE {quoted(owner)};"


def _control(installation: Installation, current: str | None) -> Iterator[str]:
    if current == head(History.CONTROL):
        return
    names = {TENANTS_GROUP: installation.group, LOGIN_ROLE: installation.login}
    for stage in upwards(current, head(History.CONTROL), History.CONTROL):
        yield f"\n-- control: {stage.start or 'empty'} → {stage.to}"
        check = _require(
            f"(SELECT string_agg(version_num, ',') FROM control.alembic_version) = {_literal(str(stage.start))}",  # noqa: S608 - a literal
            f"control is no longer at {stage.start}: print this script again",
        )
        statements = replaced(stage.statements, names)
        if stage.execution is Execution.REPLAYED:
            yield from _transaction([check, *statements])
        else:
            yield from _ended([check])
            yield from _outside(statements)


def _tenant(move: Move, unbuilt: Sequence[GuardedIndex]) -> Iterator[str]:
    tenant = move.tenant
    if unbuilt and move.down:
        yield f"\n-- {tenant.slug}: has indexes still to be built, which imprint migrate down takes care of; nothing of it is here"
        return
    for index in unbuilt:
        yield from _beside(tenant, index)
    for stage in move.stages:
        yield f"\n-- {tenant.slug}: {stage.start or 'empty'} → {stage.to or 'empty'}"
        if stage.execution is Execution.PYTHON:
            yield f"-- runs Python, which no SQL shows: {tenant.slug}'s part ends here; imprint migrate {'down' if move.down else 'up'} does the rest"
            return
        yield from _stage(tenant, stage)


def _stage(tenant: Standing, stage: Stage) -> Iterator[str]:
    if stage.execution is Execution.OUTSIDE_TRANSACTION:
        *alone, version = replaced(stage.statements, names_of(tenant))
        there = f"id = '{tenant.id}' AND revision IS NOT DISTINCT FROM {_literal(stage.start)}"
        where = f"EXISTS (SELECT FROM control.organizations WHERE {there})"
        yield from _ended([_require(where, _gone(tenant, stage))])
        yield from _outside(alone)
        yield from _transaction([version, _arrived(tenant, stage)])
        return
    beside = {index.statement for index in stage.indexes}
    within = replaced([sql for sql in stage.statements if sql not in beside], names_of(tenant))
    yield from _transaction([*within, *(_left(tenant, index, stage) for index in stage.indexes), _arrived(tenant, stage)])
    for index in stage.indexes:
        yield from _beside(tenant, index)


def _transaction(statements: Sequence[str]) -> Iterator[str]:
    yield "BEGIN;"
    yield f"SET LOCAL lock_timeout = {LONGEST_LOCK_MS};"
    yield "SET LOCAL imprint.door = 'migration';"
    yield from _ended([*statements, ANNOUNCE])
    yield "COMMIT;"


def _outside(statements: Sequence[str]) -> Iterator[str]:
    """Each by itself; what would keep others waiting waits only for a moment."""
    yield "SET imprint.door = 'migration';"
    for sql in statements:
        yield f"SET lock_timeout = {0 if LETS_OTHERS_WORK.search(sql) else LONGEST_LOCK_MS};"
        yield from _ended([sql])
    yield "RESET lock_timeout;"
    yield "RESET imprint.door;"


def _ended(statements: Sequence[str]) -> Iterator[str]:
    """The end on a line of its own: a comment may be the last thing in a statement."""
    yield from (f"{sql}\n;" for sql in statements)


def _left(tenant: Standing, index: GuardedIndex, stage: Stage) -> str:
    values = f"'{tenant.id}', {_literal(index.name)}, {_literal(index.statement)}, {_literal(stage.to)}"
    return f"INSERT INTO control.pending_indexes (organization_id, name, statement, revision) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 - literals


def _beside(tenant: Standing, index: GuardedIndex) -> Iterator[str]:
    """The build, and the note that it is done: one that fails leaves the note, from which the next run builds it."""
    [text] = replaced([concurrently(index.statement)], names_of(tenant))
    place = f"{quoted(names_of(tenant)[TENANT_SCHEMA])}.{quoted(index.name)}"
    valid = f"EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass({_literal(place)}) AND indisvalid)"
    yield f"-- {tenant.slug}: a large table's index; where the table is small, it may as well be made without CONCURRENTLY"
    yield from _ended(
        [
            _UNLESS_THERE.sub("CONCURRENTLY IF NOT EXISTS", text, count=1),
            _require(valid, f"{index.name} of {tenant.slug} is invalid: a build of it failed; imprint migrate up builds it anew"),
            f"DELETE FROM control.pending_indexes WHERE organization_id = '{tenant.id}' AND name = {_literal(index.name)}",  # noqa: S608 - literals
        ]
    )


def _arrived(tenant: Standing, stage: Stage) -> str:
    """The registry's move, from where the plan saw the tenant and to where its schema says that it is."""
    stated = f"(SELECT string_agg(version_num, ',') FROM {quoted(names_of(tenant)[TENANT_SCHEMA])}.alembic_version)"  # noqa: S608 - a checked name
    return (
        f"DO $imprint$ BEGIN UPDATE control.organizations SET revision = {_literal(stage.to)}, updated_at = now() "  # noqa: S608 - literals
        f"WHERE id = '{tenant.id}' AND revision IS NOT DISTINCT FROM {_literal(stage.start)} AND {stated} IS NOT DISTINCT FROM {_literal(stage.to)}; "
        f"IF NOT FOUND THEN RAISE EXCEPTION USING MESSAGE = {_literal(_gone(tenant, stage))}; END IF; END $imprint$"
    )


def _gone(tenant: Standing, stage: Stage) -> str:
    return f"{tenant.slug} is not at {stage.start or 'the beginning'}, as its registry or its schema says: print this script again"


def _require(condition: str, complaint: str) -> str:
    return f"DO $imprint$ BEGIN IF ({condition}) IS NOT TRUE THEN RAISE EXCEPTION USING MESSAGE = {_literal(complaint)}; END IF; END $imprint$"


def _literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"
