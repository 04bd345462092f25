"""Migrating hundreds of tenants: a column and an index everywhere, against the same statements by hand; and what it costs to look."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from migrations import runner
from migrations.history import History, head, try_out
from migrations.status import status
from ops.bench.floors import ddl
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.tenancy.places import Places

ROUNDS, LOOKS = 3, 9
STATUS_SECONDS, NOTHING_TO_DO_SECONDS = 0.030, 0.5
REVISION = '''"""Add a column and an index, to be measured.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "{number}"
down_revision: str | None = "{before}"


def upgrade() -> None:
    op.add_column("posts", sa.Column("measured_{number}", sa.Text()), schema="__tenant__")
    op.create_index("posts_measured_{number}_idx", "posts", ["measured_{number}"], schema="__tenant__")
'''


async def measured(bench: Bench, places: Places) -> list[Line]:
    settings, folder = bench.settings, bench.folder / "revisions"
    folder.mkdir()
    everybody = await _schemas(places)
    ours, floors = [], []
    for number in range(ROUNDS):
        floor = (
            f"ALTER TABLE __tenant__.posts ADD COLUMN by_hand_{number} TEXT",
            f"CREATE INDEX by_hand_{number} ON __tenant__.posts (by_hand_{number})",
        )
        floors.append(await ddl.migrate(settings.admin_database_url, settings.owner_role, everybody, floor, head(History.TENANT)))
        write_revision(folder)
        run = await runner.up(settings)
        if run.failed or len(run.done) != len(everybody):
            raise RuntimeError(f"{len(run.done)} of {len(everybody)} tenants were migrated: {run.failed}")
        ours.append(run.seconds)
    ratio = median(floor / own for floor, own in zip(floors, ours, strict=True))
    count = len(everybody)
    own, by_hand = (f"{count / median(times):.0f}/s" for times in (ours, floors))
    line = Line(f"a column and an index in {count} tenants", own, by_hand, ratio, 0.6)
    return [line, await _status(bench, count), await _nothing_to_do(bench, folder, count)]


def write_revision(folder: Path) -> str:
    """The next revision of a column and an index, in a folder that this process tries out; its id."""
    try_out(History.TENANT, folder)
    before = head(History.TENANT)
    number = f"{int(before) + 1:04d}"
    (folder / f"{number}_measured.py").write_text(REVISION.format(number=number, before=before))
    try_out(History.TENANT, folder)
    return number


async def _schemas(places: Places) -> list[str]:
    admin = places.admins[0]
    async with admin.transaction(places.settings.owner_role):
        return [row["schema"] for row in await admin.rows("SELECT schema FROM control.organizations ORDER BY slug")]


async def _status(bench: Bench, count: int) -> Line:
    times = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        await status(bench.settings)
        times.append(time.perf_counter() - began)
    seconds = median(times)
    target = STATUS_SECONDS
    return Line(
        f"status of {count} tenants, connecting included", f"{seconds * 1000:.0f} ms", f"{target * 1000:.0f} ms", seconds / target, 1.0, at_most=True
    )


async def _nothing_to_do(bench: Bench, folder: Path, count: int) -> Line:
    environment = {**os.environ, **bench.environment, "IMPRINT_REVISIONS": str(folder)}
    command = [sys.executable, "-m", "ops", "migrate", "up"]
    times = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        await asyncio.to_thread(subprocess.run, command, env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    seconds, target = median(times), NOTHING_TO_DO_SECONDS
    return Line(f"up with nothing to do, {count} tenants, whole process", f"{seconds:.2f} s", f"{target} s", seconds / target, 1.0, at_most=True)
