"""What Postgres says of a statement it refuses may be logged and stored; it must not quote anybody's row."""

from __future__ import annotations

import traceback

import asyncpg
import pytest

from tenants.database import Database, UniqueTaken
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House

INSERT = statement(
    "INSERT INTO __tenant__.users (id, username, name, role, status, version, created_at, updated_at) "
    "VALUES (:id, :username, 'Zebulon Quagga', 'reader', :status, 1, now(), now())"
)


async def inserted_twice(pool: Database, house: House, username: str, status: str) -> None:
    async with pool.writing(house.tenant.place) as connection:
        for _ in range(2):
            await connection.execute(INSERT, id=new_id(), username=username, status=status)


async def refusal(pool: Database, house: House, username: str, status: str) -> Exception:
    with pytest.raises(Exception) as refused:  # noqa: PT011 - of whichever kind
        await inserted_twice(pool, house, username, status)
    return refused.value


async def test_a_refused_row_is_quoted_nowhere(pool: Database, acme: House) -> None:
    broken = await refusal(pool, acme, "zquagga", "of no kind")
    taken = await refusal(pool, acme, "zquagga", "removed")

    assert isinstance(broken, asyncpg.CheckViolationError)
    assert isinstance(taken, UniqueTaken)
    for error in (broken, taken):
        told = "".join(traceback.format_exception(error))
        assert "Quagga" not in told
        assert "zquagga" not in told
