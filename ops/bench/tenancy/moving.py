"""Moving a large tenant: export and import as whole commands, against COPY of the same tables out and in; and their memory."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from migrations.provisioning import HeadProvisioner
from ops.bench import dataset
from ops.bench.floors import copying
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.tenancy.places import Places
from tenants import lifecycle
from tenants.events import GENESIS, StoredEvent, chain_hash
from tenants.ids import new_id
from tenants.naming import SchemaName, quoted, schema_for
from tenants.registry import Tenant
from tenants.slugs import tenant_slug
from tenants.tiers import BASIC

POSTS = 100_000
TABLES = ("users", "tags", "posts", "post_tags", "post_search", "domain_events")
EVENT_COLUMNS = (
    "id", "aggregate_type", "aggregate_id", "aggregate_version", "event_type", "event_version", "event_data", "metadata",
    "correlation_id", "occurred_at", "hash",
)  # fmt: skip
MOST_TIMES_THE_FLOOR, MORE_MEMORY = 2.0, 1.5


@dataclass(frozen=True, slots=True)
class Ran:
    seconds: float
    megabytes: float


async def measured(bench: Bench, places: Places) -> list[Line]:
    """One event for each post, chained as every event is."""
    small, large = places.tenants[1], places.tenants[0]
    await _fill(places, large)
    key = bench.folder / "transfer.key"
    key.write_text(base64.b64encode(os.urandom(32)).decode())
    out = await _floor_out(bench, large)
    sent = {
        tenant.slug: await _imprint(bench, "export", tenant.slug, "--to", str(bench.folder / tenant.slug), "--key-file", str(key))
        for tenant in (small, large)
    }
    into = await _floor_in(bench, places)
    came = {
        tenant.slug: await _imprint(bench, "import", str(bench.folder / tenant.slug), "--slug", f"{tenant.slug}-again", "--key-file", str(key))
        for tenant in (small, large)
    }
    lines = []
    for what, ours, floor in (("export", sent, out), ("import", came, into)):
        seconds, tiny = ours[large.slug].seconds, ours[small.slug]
        lines.append(
            Line(
                f"{what} of {POSTS:,} posts, whole process, over bare COPY",
                f"{seconds:.1f} s",
                f"{floor:.1f} s",
                seconds / floor,
                MOST_TIMES_THE_FLOOR,
                at_most=True,
            )
        )
        memory = ours[large.slug].megabytes
        lines.append(
            Line(
                f"memory of that {what}, over one of 20 posts",
                f"{memory:.0f} MB",
                f"{tiny.megabytes:.0f} MB",
                memory / tiny.megabytes,
                MORE_MEMORY,
                at_most=True,
            )
        )
    return lines


async def _fill(places: Places, tenant: Tenant) -> None:
    admin = places.admins[0]
    schema = tenant.place.schema
    async with admin.transaction(places.settings.owner_role):
        await admin.run("SET LOCAL imprint.door = 'bus'")
        await admin.run(f"TRUNCATE {', '.join(f'{quoted(schema)}.{table}' for table in ('post_tags', 'posts', 'tags'))} CASCADE")
        await admin.run(f"DELETE FROM {quoted(schema)}.users WHERE role = 'author'")  # noqa: S608 - a name of ours
        await dataset.fill_schema(admin, schema, posts=POSTS, authors=dataset.AUTHORS, tags=dataset.TAGS)
        await admin.copy_in(schema, "domain_events", EVENT_COLUMNS, _events())


def _events() -> Iterator[bytes]:
    now, data = datetime.now(UTC), {"title": "Post about a topic", "slug": "post", "content": "Some text. " * 20}
    for number in range(POSTS):
        event = StoredEvent(new_id(), "Post", new_id(), 1, "PostCreated", 1, {**data, "number": number}, {}, None, new_id(), None, now)
        digest = chain_hash(GENESIS, event).hex()
        fields = (
            event.id,
            "Post",
            event.aggregate_id,
            1,
            "PostCreated",
            1,
            json.dumps(event.data),
            "{}",
            event.correlation_id,
            now.isoformat(),
            rf"\\x{digest}",
        )
        yield ("\t".join(map(str, fields)) + "\n").encode()


async def _floor_out(bench: Bench, tenant: Tenant) -> float:
    folder = bench.folder / "copy"
    folder.mkdir()
    return await copying.copy_out(bench.settings.admin_database_url, bench.settings.owner_role, tenant.place.schema, TABLES, folder)


async def _floor_in(bench: Bench, places: Places) -> float:
    empty = await lifecycle.create(places.settings, HeadProvisioner(), tenant_slug("copied-by-hand"), "copied", BASIC)
    schema: SchemaName = schema_for(empty)
    admin = places.admins[0]
    async with admin.transaction(places.settings.owner_role):
        source = quoted(places.tenants[0].place.schema)
        await admin.run(f"INSERT INTO {quoted(schema)}.roles SELECT * FROM {source}.roles")  # noqa: S608 - names of ours
    return await copying.copy_in(bench.settings.admin_database_url, bench.settings.owner_role, schema, TABLES, bench.folder / "copy")


async def _imprint(bench: Bench, *arguments: str) -> Ran:
    environment = {**os.environ, **bench.environment}
    return await asyncio.to_thread(_run, [sys.executable, "-m", "ops", "tenants", *arguments], environment, bench.folder / "moving.log")


def _run(command: list[str], environment: dict[str, str], log: Path) -> Ran:
    """One process, its time and the most memory it had."""
    began = time.perf_counter()
    with log.open("wb") as written:
        pid = os.posix_spawn(
            command[0], command, environment, file_actions=[(os.POSIX_SPAWN_DUP2, written.fileno(), 1), (os.POSIX_SPAWN_DUP2, written.fileno(), 2)]
        )
        _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(command[3:])} ended with {os.waitstatus_to_exitcode(status)}: {log.read_text()}")
    return Ran(time.perf_counter() - began, usage.ru_maxrss / 1024)
