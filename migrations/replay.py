"""One stage of one tenant, replayed: statement by statement, in one transaction with its version and its line in the ledger."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from migrations.guarded import GuardedIndex
from migrations.ledger import MOVED
from migrations.stages import Stage
from migrations.survey import Standing
from migrations.tokens import TENANT_ROLE, TENANT_SCHEMA, replaced
from migrations.version_row import differs, touched_one, writes_version
from tenants.database import AdminConnection
from tenants.errors import Refusal
from tenants.naming import checked_role, checked_schema, quoted

_DROPPED = re.compile(r'DROP INDEX (?:IF EXISTS )?(?P<rest>__tenant__\."?(?P<name>\w+)"?.*)')
# The least that a row takes in a table's file (its header and its line pointer): what is smaller than so many of them needs no count.
ROW_BYTES = 28
# A marker for triggers that witness changes past the application.
_DOOR = "SET LOCAL imprint.door = 'migration'"


class MovedMeanwhile(Refusal):
    """The tenant is no longer where the plan saw it."""

    code = "MOVED_MEANWHILE"


class OverBudget(Refusal):
    """A tenant's transaction would have kept its requests waiting for too long."""

    code = "OVER_BUDGET"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one stage: which run it belongs to, what it may take. `lock_ms` milliseconds, `budget` seconds; `began` as `time.monotonic`."""

    run: UUID
    number: int
    began: float
    lock_ms: int
    budget: float
    index_rows: int


async def replay(admin: AdminConnection, tenant: Standing, stage: Stage, attempt: Attempt) -> bool:
    """Whether indexes were left to be built beside the tenant's work. The connection acts as the owner already.

    Raises LockedOut, OverBudget, MovedMeanwhile, VersionRowDiffers, StatementFailed; then nothing has changed.
    """
    try:
        async with asyncio.timeout(attempt.budget), admin.transaction(limits=_limits(attempt)):
            large = await _large(admin, tenant, stage.indexes, attempt.index_rows)
            beside = {index.statement for index in stage.indexes if index.table in large}
            statements = [sql for sql in stage.statements if sql not in beside]
            if stage.down:
                statements = await _without_pending(admin, tenant, stage, statements)
            await _send(admin, tenant, stage, statements)
            for index in stage.indexes:
                if index.statement in beside:
                    await _leave_for_later(admin, tenant, index, str(stage.to))
            await _arrived(admin, tenant, stage, attempt)
    except TimeoutError:
        raise OverBudget(
            f"Its statements took more than {attempt.budget:g} s, in which its requests would have waited; nothing was changed. "
            "Split the revision, or allow more with --budget SECONDS in a quiet hour."
        ) from None
    return bool(beside)


def names_of(tenant: Standing) -> dict[str, str]:
    """Raises ValueError for a registry row that names no schema or role of ours."""
    return {TENANT_SCHEMA: checked_schema(tenant.schema), TENANT_ROLE: checked_role(tenant.role)}


async def _send(admin: AdminConnection, tenant: Standing, stage: Stage, statements: Sequence[str]) -> None:
    """One statement a message. Raises VersionRowDiffers where one of them finds no version row to change."""
    names = names_of(tenant)
    for sql, text in zip(statements, replaced(statements, names), strict=True):
        tag = await admin.run(text)
        if writes_version(sql) and not touched_one(tag):
            rows = await admin.rows(f"SELECT version_num FROM {quoted(names[TENANT_SCHEMA])}.alembic_version ORDER BY 1")  # noqa: S608 - a checked name
            raise differs([row["version_num"] for row in rows], stage.start)


def _limits(attempt: Attempt) -> str:
    """What a transaction may wait for and take."""
    return f"SET LOCAL lock_timeout = {int(attempt.lock_ms)}; SET LOCAL statement_timeout = {int(attempt.budget * 1000)}; {_DOOR}"


async def _arrived(admin: AdminConnection, tenant: Standing, stage: Stage, attempt: Attempt) -> None:
    """The registry's revision and the ledger's line. Raises MovedMeanwhile where another has moved the tenant."""
    seconds = time.monotonic() - attempt.began
    if await admin.value(MOVED, tenant.id, stage.start, stage.to, attempt.run, tenant.slug, attempt.number, seconds) is None:
        raise MovedMeanwhile(f"It is no longer at {stage.start or 'the beginning'}: somebody else moved it. Run this again to see where it stands.")


async def _large(admin: AdminConnection, tenant: Standing, indexes: tuple[GuardedIndex, ...], rows: int) -> set[str]:
    """Which of the tables to be indexed have more rows than that; one that a statement has yet to make has none."""
    found = set()
    for table in {index.table for index in indexes}:
        name = f"{quoted(checked_schema(tenant.schema))}.{quoted(table)}"
        if (await admin.value("SELECT pg_relation_size(to_regclass($1))", name) or 0) <= rows * ROW_BYTES:
            continue
        if await admin.value(f"SELECT count(*) FROM (SELECT FROM {name} LIMIT {int(rows) + 1}) AS sample") > rows:  # noqa: S608 - checked names
            found.add(table)
    return found


async def _without_pending(admin: AdminConnection, tenant: Standing, stage: Stage, statements: Sequence[str]) -> list[str]:
    """On the way down: indexes that are still to be built will not be, and are not there to be dropped."""
    sql = "DELETE FROM control.pending_indexes WHERE organization_id = $1 AND revision = ANY ($2) RETURNING name"
    names = {row["name"] for row in await admin.rows(sql, tenant.id, list(stage.revisions))}
    return [_DROPPED.sub(r"DROP INDEX IF EXISTS \g<rest>", sql) if (m := _DROPPED.match(sql)) and m["name"] in names else sql for sql in statements]


async def _leave_for_later(admin: AdminConnection, tenant: Standing, index: GuardedIndex, revision: str) -> None:
    await admin.run(
        "INSERT INTO control.pending_indexes (organization_id, name, statement, revision) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        tenant.id,
        index.name,
        index.statement,
        revision,
    )
