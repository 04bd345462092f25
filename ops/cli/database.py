"""Commands that read or write as the server would."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.settings import TenantSettings

Answer = TypeVar("Answer")


def on_database(work: Callable[[Database, TenantSettings], Awaitable[Answer]]) -> Answer:
    """Run it with the environment's database and settings. Raises ConfigurationError."""
    from ops.settings import Settings
    from tenants.database import Database

    settings = Settings.read(os.environ).tenants

    async def run() -> Any:
        async with Database(settings, connections=2) as database:
            return await work(database, settings)

    answer: Answer = asyncio.run(run())
    return answer
