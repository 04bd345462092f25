"""The embedded stack through what happens to it on people's machines."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.stack import Addresses, Stack
from ops.stack.binaries import installed
from ops.stack.folder import AlreadyRunning
from ops.stack.memory import Memory
from tenants.errors import ConfigurationError

HOLD = """
import asyncio, sys
from pathlib import Path
from ops.stack import Stack

async def hold():
    addresses = await Stack(Path(sys.argv[1])).start()
    print(addresses.superuser_url, flush=True)
    await asyncio.sleep(60)

asyncio.run(hold())
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    Stack(tmp_path / "data").discard()


def ask(url: str, sql: str) -> str:
    done = subprocess.run([installed().postgres("psql"), url, "-XAtc", sql], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def at_work(data: Path) -> list[int]:
    """Servers whose working folder lies in this data folder."""
    services = (data / "services").resolve()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and (entry / "cwd").readlink().is_relative_to(services):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def once(data: Path, sql: str) -> tuple[Addresses, str]:
    stack = Stack(data)
    addresses = await stack.start()
    try:
        return addresses, await asyncio.to_thread(ask, addresses.superuser_url, sql)
    finally:
        await stack.stop()


async def test_a_stack_stopped_and_started_again_has_the_same_data(data: Path) -> None:
    await once(data, "CREATE TABLE kept AS SELECT 7 AS n")
    _, kept = await once(data, "SELECT n FROM kept")
    assert kept == "7"
    assert at_work(data) == []


async def test_a_killed_run_leaves_nothing_that_the_next_start_does_not_clean_up(data: Path) -> None:
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, data, stdout=asyncio.subprocess.PIPE)
    assert holder.stdout
    url = (await holder.stdout.readline()).decode().strip()
    assert ask(url, "CREATE TABLE kept AS SELECT 8 AS n") == "SELECT 1"
    holder.kill()
    await holder.wait()
    _, kept = await once(data, "SELECT n FROM kept")
    assert kept == "8"
    assert at_work(data) == []


async def test_servers_that_outlived_their_parent_are_ended_first(data: Path) -> None:
    first = Stack(data)
    await first.start()
    orphans = list(first.children)
    first.children.clear()
    await first.stop()
    assert {child.pid for child in orphans} <= set(at_work(data))
    said: list[str] = []
    second = Stack(data, said.append)
    await second.start()
    assert not any(child.running for child in orphans)
    assert any("of a run that was killed" in line for line in said)
    await second.stop()


async def test_a_stale_postmaster_pid_of_a_strangers_process_does_not_stop_it(data: Path) -> None:
    await once(data, "SELECT 1")
    (data / "services/postgres/postmaster.pid").write_text(f"{os.getppid()}\n/elsewhere\n1\n1\n\n\n\nready\n")
    assert (await once(data, "SELECT 1"))[1] == "1"


async def test_a_port_taken_meanwhile_is_replaced(data: Path) -> None:
    before, _ = await once(data, "SELECT 1")
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", before.postgres_port))
        stranger.listen()
        after, answer = await once(data, "SELECT 1")
    assert after.postgres_port != before.postgres_port
    assert answer == "1"


async def test_a_folder_belongs_to_one_stack_at_a_time(data: Path) -> None:
    stack = Stack(data)
    await stack.start()
    with pytest.raises(AlreadyRunning, match=f"in use by process {os.getpid()}"):
        await Stack(data).start()
    assert all(child.running for child in stack.children)
    await stack.stop()


@pytest.mark.parametrize("place", ["services/postgres", "."])
async def test_data_of_another_postgres_is_named_and_left_alone(data: Path, place: str) -> None:
    (data / place).mkdir(parents=True)
    (data / place / "PG_VERSION").write_text("15\n")
    with pytest.raises(ConfigurationError, match="holds data of Postgres 15, and Imprint brings Postgres 18"):
        await Stack(data).start()
    assert (data / place / "PG_VERSION").read_text() == "15\n"
    assert at_work(data) == []


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"cannot write in .*/file/data"):
        await Stack(tmp_path / "file/data").start()


async def test_a_damaged_memory_is_named(data: Path) -> None:
    data.mkdir()
    (data / "stack.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"stack\.json is damaged"):
        await Stack(data).start()


async def test_secrets_are_kept_and_private(data: Path) -> None:
    await once(data, "SELECT 1")
    first = Memory.load(data / "stack.json")
    await once(data, "SELECT 1")
    assert Memory.load(data / "stack.json").secret_key == first.secret_key
    assert (data / "stack.json").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700


async def test_a_path_too_long_for_a_socket_still_works(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 30) / "data"
    assert (await once(data, "SELECT 1"))[1] == "1"
    Stack(data).discard()


async def test_no_password_shows_in_the_list_of_processes(data: Path) -> None:
    stack = Stack(data)
    await stack.start()
    shown = [Path(f"/proc/{child.pid}/cmdline").read_bytes().decode() for child in stack.children]
    secrets = [stack.memory.superuser_password, stack.memory.admin_password, stack.memory.app_password, stack.memory.redis_password]
    assert not [secret for secret in secrets if any(secret in line for line in shown)]
    await stack.stop()


async def test_redis_asks_for_its_password(data: Path) -> None:
    stack = Stack(data)
    addresses = await stack.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", addresses.redis_port)
    writer.write(b"PING\r\n")
    assert (await reader.readline()).startswith(b"-NOAUTH")
    writer.close()
    await writer.wait_closed()
    await stack.stop()


async def test_a_cancelled_start_leaves_nothing_running(data: Path) -> None:
    starting = asyncio.ensure_future(Stack(data).start())
    while not at_work(data):
        await asyncio.sleep(0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    while any(Path(f"/proc/{pid}/comm").read_text().strip() == "initdb" for pid in at_work(data)):
        await asyncio.sleep(0.05)
    assert [pid for pid in at_work(data) if Path(f"/proc/{pid}/exe").readlink().name == "redis-server"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
async def test_as_root_the_servers_run_as_somebody_else_and_private_folders_stay_private(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    stack = Stack(private / "data")
    await stack.start()
    uids = {os.stat(f"/proc/{child.pid}").st_uid for child in stack.children}  # noqa: PTH116 - of the process, not of a path's target
    assert 0 not in uids
    assert private.stat().st_mode & 0o777 == 0o700
    await stack.stop()
    stack.discard()


async def test_sigterm_to_postgres_alone_does_not_hang_the_stop(data: Path) -> None:
    stack = Stack(data)
    await stack.start()
    os.kill(next(child.pid for child in stack.children if child.name == "Postgres"), signal.SIGTERM)
    await asyncio.wait_for(stack.stop(), 20)
    assert at_work(data) == []
