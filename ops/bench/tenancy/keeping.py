"""A thousand organizations to try an operator's day on, kept until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from app.bus import Bus
from app.management.decisions import Decisions
from app.users.commands import ActivateUser
from auth.credentials import Credentials
from auth.passwords import Passwords
from auth.principal import SYSTEM
from migrations import runner
from ops import env_file
from ops.bench.servers import bench_stack
from ops.bench.tenancy.places import Places
from ops.bench.tenants import PASSWORD
from ops.stack.memory import write_private
from tenants.ids import new_id

TENANTS = 1000


async def keep(say: Callable[[str], None], tenants: int = TENANTS) -> None:
    """Postgres, Redis and the organizations, in a temporary folder from which every `imprint` command finds them."""
    async with bench_stack() as bench:
        await runner.up(bench.settings)
        say(f"making {tenants} organizations")
        async with Places.open(bench.settings) as places:
            await places.found(tenants)
            await _open(places)
        write_private(bench.folder / env_file.NAME, env_file.text(bench.environment))
        say(f"bench-0000 to bench-{tenants - 1:04d} are there; owner@bench-0000.example and so on sign in with {PASSWORD}")
        say(f"in another shell: cd {bench.folder}; imprint serve --port {bench.port}; imprint migrate status. Ctrl-C ends all of it")
        asked = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        await asked.wait()


async def _open(places: Places) -> None:
    """Let every owner sign in."""
    bus, passwords = Bus(places.database), Passwords()
    credentials, waiting = Credentials(places.database, passwords, Decisions(places.database, oldest=0.0)), iter(places.founded)

    async def one_after_the_other() -> None:
        for founded in waiting:
            await bus.execute(founded.tenant, ActivateUser(founded.owner_id), SYSTEM, correlation_id=new_id())
            await credentials.set_password(founded.tenant, founded.owner_id, PASSWORD)

    await asyncio.gather(one_after_the_other(), one_after_the_other())
    passwords.close()
