"""What the console shows, read as the server's login role: the registry and its neighbours, and nothing of any organization's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from migrations.history import History, head, is_behind
from migrations.lock import STATE
from tenants.statements import statement

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.database import Connection

MOST = 100
ORGANIZATIONS = statement(
    "SELECT slug, name, status, tier, revision, created_at, suspended_because, purge_after FROM control.organizations "
    "WHERE starts_with(slug, :prefix) AND slug > :after ORDER BY slug LIMIT :most"
)
COUNTS = statement("SELECT status, revision, count(*) AS many FROM control.organizations GROUP BY status, revision")
QUARANTINED = statement(
    "SELECT d.id, o.slug, d.event_type, d.handler, d.attempts, d.error, d.created_at, count(*) OVER () AS all_of_them "
    "FROM control.deliveries d JOIN control.organizations o ON o.id = d.organization_id WHERE d.state = 'quarantined' ORDER BY d.id DESC LIMIT :most"
)
RUNS = statement(
    f"SELECT r.id, r.command, r.to_revision, r.holder, {STATE} AS state, r.reason, r.started_at, r.ended_at, "  # noqa: S608 - a constant
    "count(x.run_id) FILTER (WHERE x.error IS NULL) AS done, count(x.error) AS failed "
    "FROM (SELECT * FROM control.migration_runs ORDER BY started_at DESC LIMIT :most) r "
    "LEFT JOIN control.migration_results x ON x.run_id = r.id GROUP BY r.id, r.command, r.to_revision, r.holder, r.state, r.reason, "
    "r.started_at, r.ended_at ORDER BY r.started_at DESC"
)
FAILURES = statement(
    "SELECT slug, from_revision, attempts, error FROM control.migration_results WHERE run_id = :run AND error IS NOT NULL ORDER BY slug LIMIT :most"
)
OPERATORS = statement(
    "SELECT o.email, o.password_hash IS NOT NULL AS enrolled, o.created_by, o.created_at, o.last_at, "
    "(SELECT count(*) FROM control.operator_sessions s WHERE s.operator_id = o.id AND s.expires_at > now()) AS sessions "
    "FROM control.operators o ORDER BY o.email"
)


@dataclass(frozen=True, slots=True)
class Organization:
    slug: str
    name: str
    status: str
    tier: str
    revision: str | None
    created_at: datetime
    suspended_because: str | None
    purge_after: datetime | None

    @property
    def behind(self) -> bool:
        return is_behind(History.TENANT, self.revision)


@dataclass(frozen=True, slots=True)
class Overview:
    """`after`: the slug with which the next page begins behind; None on the last. Counts are of all, whatever was searched for."""

    organizations: list[Organization]
    after: str | None
    head: str
    by_status: dict[str, int]
    behind: int

    @property
    def all_of_them(self) -> int:
        return sum(self.by_status.values())


@dataclass(frozen=True, slots=True)
class Quarantined:
    id: UUID
    slug: str
    event_type: str
    handler: str
    attempts: int
    error: str | None
    created_at: datetime
    all_of_them: int


@dataclass(frozen=True, slots=True)
class Failure:
    slug: str
    from_revision: str | None
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class Run:
    id: UUID
    command: str
    to_revision: str
    holder: str
    state: str
    reason: str | None
    started_at: datetime
    ended_at: datetime | None
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Account:
    email: str
    enrolled: bool
    created_by: str
    created_at: datetime
    last_at: datetime | None
    sessions: int


async def overview(connection: Connection, prefix: str, after: str) -> Overview:
    rows = await connection.fetch(ORGANIZATIONS, prefix=prefix, after=after, most=MOST + 1)
    found = [Organization(**dict(row.items())) for row in rows[:MOST]]
    by_status: dict[str, int] = {}
    behind = 0
    for row in await connection.fetch(COUNTS):
        by_status[row["status"]] = by_status.get(row["status"], 0) + row["many"]
        behind += row["many"] if is_behind(History.TENANT, row["revision"]) else 0
    return Overview(found, found[-1].slug if len(rows) > MOST else None, head(History.TENANT), by_status, behind)


async def quarantined(connection: Connection) -> list[Quarantined]:
    """The newest."""
    return [Quarantined(**dict(row.items())) for row in await connection.fetch(QUARANTINED, most=MOST)]


async def runs(connection: Connection) -> list[Run]:
    """The newest."""
    return [Run(**dict(row.items())) for row in await connection.fetch(RUNS, most=MOST)]


async def failures(connection: Connection, run: UUID) -> list[Failure]:
    return [Failure(**dict(row.items())) for row in await connection.fetch(FAILURES, run=run, most=MOST)]


async def accounts(connection: Connection) -> list[Account]:
    return [Account(**dict(row.items())) for row in await connection.fetch(OPERATORS)]
