"""Newcomers, where everybody, whoever is invited or nobody may open an organization."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tenants.statements import statement
from tests.integration.workers.conftest import Line
from tests.integration.workers.sign_up.newcomer import Opening

NOTHING = (statement("DELETE FROM control.front_letters"), statement("DELETE FROM control.sign_ups"))


@pytest.fixture
async def opening(line: Line, tmp_path: Path) -> AsyncIterator[Opening]:
    async with line.pool.control() as connection:
        for delete in NOTHING:
            await connection.execute(delete)
    async with AsyncExitStack() as stack:
        yield Opening(line, tmp_path / "mail", stack)
