"""Anchors: how far an organization's history was known to reach, noted where nobody who reaches the history can follow.

A chain of hashes shows what was changed within a history, not that its end, or all of it, was taken away. An anchor holds
the last event of every aggregate. It stands in `control`, signed with a key made from IMPRINT_SECRET_KEY, and once more,
without the heads, in the organization's own schema. What happened after the last anchor is not covered by it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tenants.errors import Conflict, Refusal
from tenants.events import canonical
from tenants.statements import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.database import Connection, Database, Row
    from tenants.registry import Tenant
    from tenants.secrets import Keyring

BATCH = 2000
BEFORE_ALL = UUID(int=0)
NONE = 0

HEADS = statement(
    """
    SELECT DISTINCT ON (aggregate_id) aggregate_id, aggregate_type, aggregate_version AS version, hash FROM __tenant__.domain_events
    WHERE aggregate_id > :after ORDER BY aggregate_id, aggregate_version DESC LIMIT :batch
    """
)
# Of each anchored head: the hash that stands at its version now, and how far its aggregate reaches.
STANDING = statement(
    """
    SELECT wanted.id AS aggregate_id,
      (SELECT e.hash FROM __tenant__.domain_events e WHERE e.aggregate_id = wanted.id AND e.aggregate_version = wanted.version) AS hash,
      (SELECT max(e.aggregate_version) FROM __tenant__.domain_events e WHERE e.aggregate_id = wanted.id) AS reaches
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[])) AS wanted (id, version)
    """
)
COPIES = statement("SELECT number, digest FROM __tenant__.history_anchors ORDER BY number DESC LIMIT 1")
COPY = statement(
    "INSERT INTO __tenant__.history_anchors (number, made_at, aggregates, events, digest) VALUES (:number, :at, :aggregates, :events, :digest)"
)
LATEST = statement(
    "SELECT number, made_at, aggregates, events, digest, signature FROM control.anchors WHERE organization_id = :organization FOR SHARE"
)
ANCHORED = statement(
    """
    SELECT aggregate_id, aggregate_type, version, hash FROM control.anchored_heads
    WHERE organization_id = :organization AND aggregate_id > :after ORDER BY aggregate_id LIMIT :batch
    """
)
BEGIN = statement(
    """
    INSERT INTO control.anchors AS a (organization_id, number, made_at, aggregates, events, digest, signature)
    VALUES (:organization, :number, :at, :aggregates, :events, :digest, :signature)
    ON CONFLICT (organization_id) DO UPDATE SET number = excluded.number, made_at = excluded.made_at, aggregates = excluded.aggregates,
      events = excluded.events, digest = excluded.digest, signature = excluded.signature
    WHERE a.number = excluded.number - 1
    """
)
NOTE = statement(
    """
    INSERT INTO control.anchored_heads AS h (organization_id, aggregate_id, aggregate_type, version, hash)
    SELECT :organization, w.id, w.kind, w.version, w.hash
    FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:versions AS int[]), CAST(:hashes AS bytea[])) AS w (id, kind, version, hash)
    ON CONFLICT (organization_id, aggregate_id) DO UPDATE SET version = excluded.version, hash = excluded.hash WHERE h.version <> excluded.version
    """
)
SIGNED = statement("SELECT organization_id, number, made_at, aggregates, events, digest, signature FROM control.anchors ORDER BY organization_id")
SIGN = statement("UPDATE control.anchors SET signature = :signature WHERE organization_id = :organization AND number = :number")
NOW = statement("SELECT now()")


class HistoryBroken(Refusal):
    """A history that no longer holds what was anchored is not anchored again: that would make it look whole."""

    code = "HISTORY_BROKEN"


@dataclass(frozen=True, slots=True)
class Anchor:
    """`digest`: SHA-256 over all heads in the order of their aggregates' ids."""

    number: int
    made_at: datetime
    aggregates: int
    events: int
    digest: bytes

    def signature(self, organization: UUID, key: bytes) -> bytes:
        """HMAC-SHA-256 (RFC 2104) with a key that is derived from one of the installation's."""
        text = canonical([str(organization), self.number, self.made_at.isoformat(), self.aggregates, self.events, self.digest.hex()])
        return hmac.digest(hmac.digest(key, b"history-anchors", hashlib.sha256), text, hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Missing:
    """An aggregate whose history does not hold its anchored event. `reaches`: its last version now; None where nothing is left of it."""

    aggregate_type: str
    aggregate_id: UUID
    anchored: int
    reaches: int | None

    def said(self) -> str:
        name = f"{self.aggregate_type} {self.aggregate_id}"
        if self.reaches is None:
            return f"{name} is gone with all its events; it reached version {self.anchored}"
        if self.reaches < self.anchored:
            return f"{name} was cut after version {self.reaches}; it reached version {self.anchored}"
        return f"{name} has another event at version {self.anchored} than it had"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`anchor`: the latest, where there is one. `tampered`: what is wrong with the anchor itself."""

    anchor: Anchor | None
    missing: tuple[Missing, ...]
    tampered: str | None

    @property
    def holds(self) -> bool:
        return not self.missing and self.tampered is None


class _Digest:
    """Heads in their order, folded into a hash and counted."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.aggregates = self.events = 0

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._sha.update(row["aggregate_id"].bytes + row["version"].to_bytes(4, "big") + row["hash"])
            self.events += row["version"]
        self.aggregates += len(rows)

    def value(self) -> bytes:
        return self._sha.digest()


async def anchor(database: Database, tenant: Tenant, keyring: Keyring) -> Anchor:
    """Note how far the history reaches now. Raises HistoryBroken where it does not hold what was anchored, Conflict where another does the same."""
    found = await compare(database, tenant, keyring)
    if not found.holds:
        raise HistoryBroken(f"{tenant.slug} does not hold what was anchored; run `imprint events verify {tenant.slug}`. Nothing was noted.")
    number = found.anchor.number + 1 if found.anchor else 1
    async with database.snapshot(tenant.place) as events:
        at, digest = await events.fetchval(NOW), _Digest()
        async for rows in _pages(events):
            digest.add(rows)
        made = Anchor(number, at, digest.aggregates, digest.events, digest.value())
        async with database.writing(None) as control:
            await _begin(control, tenant.id, made, keyring)
            async for rows in _pages(events):
                await _note(control, tenant.id, rows)
    async with database.writing(tenant.place) as own:
        await own.execute(COPY, number=number, at=at, aggregates=made.aggregates, events=made.events, digest=made.digest)
    return made


async def compare(database: Database, tenant: Tenant, keyring: Keyring) -> Comparison:
    """Hold the history against its latest anchor, and the anchor against its signature and its copy. Memory does not grow with either."""
    missing: list[Missing] = []
    digest = _Digest()
    async with database.snapshot(tenant.place) as events, _control(database) as control:
        row = await control.fetchrow(LATEST, organization=tenant.id)
        copy = await events.fetchrow(COPIES)
        after = BEFORE_ALL
        while rows := await control.fetch(ANCHORED, organization=tenant.id, after=after, batch=BATCH):
            digest.add(rows)
            missing += await _missing(events, rows)
            after = rows[-1]["aggregate_id"]
    latest = _anchor(row) if row else None
    return Comparison(latest, tuple(missing), _tampered(tenant.id, latest, row, copy, digest, keyring))


async def signed_before(database: Database, keyring: Keyring) -> int:
    """How many anchors are signed with another of the installation's keys than its first."""
    async with database.control() as control:
        rows = await control.fetch(SIGNED)
    return sum(_outdated(row, keyring) for row in rows)


async def sign_again(database: Database, keyring: Keyring) -> int:
    """Bring every signature under the installation's first key; those that none of the keys made are left as they are. Returns how many."""
    renewed = 0
    async with database.writing(None) as control:
        for row in await control.fetch(SIGNED):
            if _outdated(row, keyring):
                wanted = _anchor(row).signature(row["organization_id"], keyring.keys[0])
                renewed += await control.execute(SIGN, signature=wanted, organization=row["organization_id"], number=row["number"])
    return renewed


@asynccontextmanager
async def _control(database: Database) -> AsyncIterator[Connection]:
    async with database.writing(None) as control:
        yield control


async def _pages(events: Connection) -> AsyncIterator[list[Row]]:
    after = BEFORE_ALL
    while rows := await events.fetch(HEADS, after=after, batch=BATCH):
        yield rows
        after = rows[-1]["aggregate_id"]


async def _missing(events: Connection, anchored: Sequence[Row]) -> list[Missing]:
    ids, versions = [row["aggregate_id"] for row in anchored], [row["version"] for row in anchored]
    standing = {row["aggregate_id"]: row for row in await events.fetch(STANDING, ids=ids, versions=versions)}
    return [
        Missing(row["aggregate_type"], row["aggregate_id"], row["version"], standing[row["aggregate_id"]]["reaches"])
        for row in anchored
        if standing[row["aggregate_id"]]["hash"] != row["hash"]
    ]


async def _begin(control: Connection, organization: UUID, made: Anchor, keyring: Keyring) -> None:
    """From here on nobody else anchors this history until this transaction ends."""
    noted = await control.execute(
        BEGIN,
        organization=organization,
        number=made.number,
        at=made.made_at,
        aggregates=made.aggregates,
        events=made.events,
        digest=made.digest,
        signature=made.signature(organization, keyring.keys[0]),
    )
    if noted != 1:
        raise Conflict("This history is being anchored by somebody else at the same moment.")


async def _note(control: Connection, organization: UUID, heads: Sequence[Row]) -> None:
    columns = {"ids": "aggregate_id", "kinds": "aggregate_type", "versions": "version", "hashes": "hash"}
    await control.execute(NOTE, organization=organization, **{name: [row[column] for row in heads] for name, column in columns.items()})


def _anchor(row: Row) -> Anchor:
    return Anchor(row["number"], row["made_at"], row["aggregates"], row["events"], row["digest"])


def _tampered(organization: UUID, latest: Anchor | None, row: Row | None, copy: Row | None, digest: _Digest, keyring: Keyring) -> str | None:
    last = copy["number"] if copy else NONE
    if latest is None or row is None:
        return f"its anchors are gone; there were {last}" if last else None
    if not _signed(organization, latest, row["signature"], keyring):
        return f"anchor {latest.number} was not signed with a key in IMPRINT_SECRET_KEY"
    if (digest.value(), digest.aggregates, digest.events) != (latest.digest, latest.aggregates, latest.events):
        return f"the heads of anchor {latest.number} are not those that were signed"
    if last > latest.number:
        return f"anchor {latest.number} stands in the place of anchor {last}"
    if copy and last == latest.number and copy["digest"] != latest.digest:
        return f"anchor {latest.number} is not the one that the organization has a copy of"
    return None


def _outdated(row: Row, keyring: Keyring) -> bool:
    """Whether one of the older keys signed it, and not the first."""
    found, organization = _anchor(row), row["organization_id"]
    wanted = [found.signature(organization, key) for key in keyring.keys]
    return row["signature"] != wanted[0] and row["signature"] in wanted


def _signed(organization: UUID, found: Anchor, signature: bytes, keyring: Keyring) -> bool:
    return any(hmac.compare_digest(found.signature(organization, key), signature) for key in keyring.keys)
