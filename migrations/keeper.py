"""While a run goes on: telling servers of new revisions, and making sure that the lock is still ours."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import structlog

from migrations import ledger
from migrations.crew import Crew
from migrations.lock import runner_name, try_lock
from tenants.database import AdminConnection, connect_as_admin
from tenants.errors import Refusal, RetryLater
from tenants.settings import TenantSettings

EVERY = 0.5
LOST_FOR = 10.0
ANOTHER_HAS_IT = "the connection that held the lock was lost, and another run has it now"
NOBODY_KNOWS = "the connection that held the lock was lost and could not be had again"

log = structlog.get_logger(__name__)


async def keep(admin: AdminConnection, settings: TenantSettings, crew: Crew) -> None:
    """Until it is cancelled. Stops the crew where the lock cannot be kept."""
    try:
        async with AsyncExitStack() as stack:
            holding: AdminConnection | None = admin
            while holding is not None:
                await asyncio.sleep(EVERY)
                if not await _announced(holding, settings) and not await _alive(holding):
                    holding = await _held_again(stack, settings, crew)
    except Exception:  # a run that nobody watches must not go on
        log.exception("the run's lock is no longer watched")
        crew.halt(NOBODY_KNOWS)


async def _announced(admin: AdminConnection, settings: TenantSettings) -> bool:
    try:
        await ledger.announce(admin, settings.owner_role)
    except Refusal as refusal:
        log.warning("servers were not told", reason=str(refusal.__cause__ or refusal))
        return False
    return True


async def _alive(admin: AdminConnection) -> bool:
    """A session that answers still holds its lock."""
    try:
        await admin.value("SELECT 1")
    except RetryLater:
        return False
    return True


async def _held_again(stack: AsyncExitStack, settings: TenantSettings, crew: Crew) -> AdminConnection | None:
    """A new session with the lock; None where the crew had to be stopped."""
    deadline = asyncio.get_running_loop().time() + LOST_FOR
    while asyncio.get_running_loop().time() < deadline:
        try:
            other = await stack.enter_async_context(connect_as_admin(settings.admin_database_url, runner_name()))
            if await try_lock(other):
                return other
        except RetryLater:
            await asyncio.sleep(EVERY)
        else:
            crew.halt(ANOTHER_HAS_IT)
            return None
    crew.halt(NOBODY_KNOWS)
    return None
