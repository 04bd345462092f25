"""`imprint` as a process of its own, on the test's installation."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from tenants.settings import TenantSettings
from tests.commands import Ended, run


def environment(settings: TenantSettings, **more: str) -> dict[str, str]:
    """What `imprint` reads, nothing of this process's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IMPRINT_")}
    return {
        **kept,
        "IMPRINT_ENV": "dev",
        "IMPRINT_DATABASE_URL": settings.database_url,
        "IMPRINT_ADMIN_DATABASE_URL": settings.admin_database_url,
        "IMPRINT_OWNER_ROLE": settings.owner_role,
        "IMPRINT_REDIS_URL": settings.redis_url,
        "IMPRINT_SECRET_KEY": ",".join(base64.b64encode(key).decode() for key in settings.secret_keys),
        **more,
    }


async def begin(settings: TenantSettings, *arguments: str, **more: str) -> Process:
    command = (sys.executable, "-m", "ops", *arguments)
    return await asyncio.create_subprocess_exec(*command, env=environment(settings, **more), stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=Path.cwd())


async def ended(process: Process) -> Ended:
    out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def imprint(settings: TenantSettings, *arguments: str, **more: str) -> Ended:
    return await run(arguments, environment(settings, **more))
