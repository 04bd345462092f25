"""One rotation at a time for each installation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from tenants.database import DatabaseUnavailable
from tenants.errors import Refusal

if TYPE_CHECKING:
    from tenants.database import AdminConnection

_KEY = 0x696D706B657973  # "impkeys" in ASCII; advisory locks are per database


class RotationRunning(Refusal):
    """Somebody else is at it; whoever is killed lets go."""

    code = "ROTATION_RUNNING"


@asynccontextmanager
async def rotating_alone(admin: AdminConnection) -> AsyncIterator[None]:
    """Raises RotationRunning."""
    if not await admin.value("SELECT pg_try_advisory_lock($1)", _KEY):
        raise RotationRunning("Another `imprint secrets rotate` is running on this database; wait for it to end, then run this again.")
    try:
        yield
    finally:
        with suppress(DatabaseUnavailable):  # a session that is gone holds no lock
            await admin.value("SELECT pg_advisory_unlock($1)", _KEY)
