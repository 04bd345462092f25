from __future__ import annotations

import asyncio
import base64
import os
import resource
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from ops.organizations.exporting import export_to
from ops.organizations.importing import NotMigrated, clone, import_from
from tenants.database import connect_as_admin
from tenants.lifecycle.arrivals import StillArriving, arriving
from tenants.lifecycle.purging import purge
from tenants.settings import TenantSettings
from tenants.transfer.errors import ExportDamaged, FileFailed
from tenants.transfer.files import open_file
from tenants.transfer.importing import Export
from tests.integration.auth.conftest import client_at
from tests.integration.conftest import House
from tests.integration.migrations.commands import begin, ended
from tests.integration.migrations.revisions import Further
from tests.integration.owner import as_owner
from tests.integration.serving import running
from tests.integration.transfer.conftest import SECRET, Sent, organizations_of
from tests.quiet import quiet

WAITING = (
    "SELECT pid, query_start FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%operator_audit%'"
)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(base64.b64encode(SECRET.value).decode() + "\n")
    return path


@asynccontextmanager
async def held_before_it_opens(settings: TenantSettings) -> AsyncIterator[None]:
    """Everything can be made, but nothing opened: what is opened is noted in a table that somebody holds."""
    async with as_owner(settings) as owner, owner.transaction():
        await owner.execute("LOCK TABLE control.operator_audit IN EXCLUSIVE MODE")
        yield


async def loaded(settings: TenantSettings, slug: str) -> None:
    """Until the import of this slug has come as far as that."""
    async with connect_as_admin(settings.admin_database_url) as admin, asyncio.timeout(90):
        while not await admin.rows(WAITING):
            await asyncio.sleep(0.02)
    assert (slug, "provisioning", "imported") in await organizations_of(settings)


async def interrupted(settings: TenantSettings, process: Process) -> None:
    """Ask the import that waits to stop, until it waits for that no more; it may wait again to note what it took back."""
    async with connect_as_admin(settings.admin_database_url) as admin, asyncio.timeout(90):
        waiting = await admin.rows(WAITING)
        process.send_signal(signal.SIGINT)
        while await admin.rows(WAITING) == waiting:
            await asyncio.sleep(0.02)


async def importing(settings: TenantSettings, sent: Sent, slug: str, key_file: Path) -> Process:
    process = await begin(settings, "tenants", "import", str(sent.path), "--slug", slug, "--key-file", str(key_file))
    await loaded(settings, slug)
    return process


async def test_an_import_killed_before_its_end_is_never_served_and_the_next_one_begins_anew(
    elsewhere: TenantSettings, sent: Sent, key_file: Path
) -> None:
    before = await organizations_of(elsewhere)
    async with held_before_it_opens(elsewhere):
        process = await importing(elsewhere, sent, "killed", key_file)
        async with running(elsewhere) as product, client_at(product, "killed.localhost") as client:
            served_while = (await client.get("/graphql", params={"query": "{ organization { slug } }"})).status_code
            process.kill()
            await process.wait()
            served_after = (await client.get("/graphql", params={"query": "{ organization { slug } }"})).status_code
    left = await organizations_of(elsewhere)
    said: list[str] = []
    carried = await import_from(elsewhere, sent.path, SECRET, "killed", said.append)

    assert (served_while, served_after) == (404, 404)
    assert sorted(left) == sorted([*before, ("killed", "provisioning", "imported")])
    assert any("interrupted is removed" in line for line in said)
    assert sorted(await organizations_of(elsewhere)) == sorted([*before, ("killed", "active", "imported")])
    assert carried.arrived.rows == sent.exported.rows


async def test_what_a_killed_import_left_can_be_purged_once_nobody_is_at_it_and_its_slug_used(
    elsewhere: TenantSettings, sent: Sent, key_file: Path
) -> None:
    before = await organizations_of(elsewhere)
    async with held_before_it_opens(elsewhere):
        process = await importing(elsewhere, sent, "to-purge", key_file)
        process.kill()
        await process.wait()
    async with as_owner(elsewhere) as owner:
        left = await owner.fetchval("SELECT id FROM control.organizations WHERE slug = 'to-purge'")
    async with connect_as_admin(elsewhere.admin_database_url) as admin, arriving(admin, left):
        with pytest.raises(StillArriving):  # as if it lived
            await purge(elsewhere, "to-purge", quiet)
        assert [slug for slug, *_ in await organizations_of(elsewhere)].count("to-purge") == 1
    await purge(elsewhere, "to-purge", quiet)

    assert await organizations_of(elsewhere) == before
    assert (await import_from(elsewhere, sent.path, SECRET, "to-purge", quiet)).tenant.status == "active"


async def test_an_import_that_still_runs_is_not_begun_a_second_time(elsewhere: TenantSettings, sent: Sent, key_file: Path) -> None:
    async with held_before_it_opens(elsewhere):
        process = await importing(elsewhere, sent, "at-work", key_file)
        with pytest.raises(StillArriving):
            await import_from(elsewhere, sent.path, SECRET, "at-work", quiet)
    done = await ended(process)

    assert done.code == 0, done.err
    assert ("at-work", "active", "imported") in await organizations_of(elsewhere)


async def test_an_import_that_is_asked_to_stop_takes_back_what_it_made(elsewhere: TenantSettings, sent: Sent, key_file: Path) -> None:
    before = await organizations_of(elsewhere)
    async with held_before_it_opens(elsewhere):
        process = await importing(elsewhere, sent, "stopped", key_file)
        await interrupted(elsewhere, process)
    done = await ended(process)

    assert (done.code, done.out) == (130, "")
    assert await organizations_of(elsewhere) == before


async def test_a_file_that_changes_while_it_is_read_leaves_nothing_behind(
    elsewhere: TenantSettings, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, whole = await organizations_of(elsewhere), sent.path.read_bytes()
    path = sent.copy(tmp_path, whole)
    check = Export.require_whole

    def then_cut(export: Export) -> None:
        check(export)
        os.truncate(path, len(whole) - 100)

    monkeypatch.setattr(Export, "require_whole", then_cut)
    with pytest.raises(ExportDamaged):
        await import_from(elsewhere, path, SECRET, "half", quiet)

    assert await organizations_of(elsewhere) == before


async def test_an_export_that_is_killed_leaves_no_file_at_its_name_and_the_organization_as_it_was(
    here: TenantSettings, acme: House, key_file: Path, tmp_path: Path
) -> None:
    before = await organizations_of(here)
    async with held_before_it_opens(here):
        process = await begin(here, "tenants", "export", "acme", "--to", str(tmp_path / "out"), "--key-file", str(key_file))
        async with asyncio.timeout(90):
            while not list(tmp_path.glob(".out.*.part")):
                await asyncio.sleep(0.01)
        process.kill()
        await process.wait()

    assert not (tmp_path / "out").exists()
    assert await organizations_of(here) == before
    exported = await export_to(here, "acme", tmp_path / "out", SECRET, quiet, force=False)
    with open_file(tmp_path / "out") as file:
        Export.open(file, SECRET).require_whole()
    assert exported.bytes == (tmp_path / "out").stat().st_size
    assert list(tmp_path.glob(".out.*.part")) == []


@contextmanager
def a_full_disk(bytes_left: int) -> Iterator[None]:
    """No file of this process may grow beyond that; a write fails as on a full disk, with an error of the operating system's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_is_full_fails_the_export_clearly_and_leaves_nothing(here: TenantSettings, acme: House, tmp_path: Path) -> None:
    with a_full_disk(4000), pytest.raises(FileFailed, match="out cannot be written: File too large"):
        await export_to(here, "acme", tmp_path / "out", SECRET, quiet, force=False)

    assert list(tmp_path.iterdir()) == []
    await export_to(here, "acme", tmp_path / "out", SECRET, quiet, force=False)


async def test_a_disk_that_is_full_fails_a_clone_clearly_and_leaves_nothing(here: TenantSettings, acme: House) -> None:
    before = await organizations_of(here)
    with a_full_disk(4000), pytest.raises(FileFailed, match="temporary file in"):
        await clone(here, "acme", "no-room", quiet)

    assert await organizations_of(here) == before


async def test_an_organization_that_cannot_be_migrated_after_loading_is_taken_back(elsewhere: TenantSettings, sent: Sent, more: Further) -> None:
    before = await organizations_of(elsewhere)
    posts = 'op.get_bind().scalar(sa.text("SELECT count(*) FROM __tenant__.posts"))'
    more.write(f"if not context.is_offline_mode() and {posts}:\n    raise RuntimeError('posts are in the way')", execution="python")
    with pytest.raises(NotMigrated, match="posts are in the way"):
        await import_from(elsewhere, sent.path, SECRET, "stuck", quiet)

    assert await organizations_of(elsewhere) == before


async def test_a_pipe_is_refused_since_a_file_is_read_twice(elsewhere: TenantSettings, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    holding = os.open(tmp_path / "pipe", os.O_RDWR)  # so that neither end waits for the other
    try:
        with pytest.raises(FileFailed, match="write it to a file first"):
            await import_from(elsewhere, tmp_path / "pipe", SECRET, "piped", quiet)
    finally:
        os.close(holding)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk], check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")  # another test fills a file to its limit without being root
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_small_disk_that_fills_up_fails_the_export_and_has_its_room_back(
    here: TenantSettings, acme: House, key_file: Path, small_disk: Path
) -> None:
    done = await ended(await begin(here, "tenants", "export", "acme", "--to", str(small_disk / "out"), "--key-file", str(key_file)))

    assert (done.code, done.out) == (1, "")
    assert f"{small_disk / 'out'} cannot be written: No space left on device. [FILE_FAILED]" in done.err
    assert list(small_disk.iterdir()) == []
