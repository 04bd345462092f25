from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from auth.backoff import Backoff
from auth.ledgers import Ledger, LocalLedger, RedisLedger

RULE = Backoff(free=2, longest=60, window=600, first=30)


@pytest.fixture(params=["redis", "this process"])
async def ledger(request: pytest.FixtureRequest, redis: Redis) -> AsyncIterator[Ledger]:
    yield RedisLedger(redis) if request.param == "redis" else LocalLedger()
    for key in ("office", "kim", "jo"):
        await RedisLedger(redis).clear(key)


async def test_whoever_comes_from_where_people_have_to_wait_is_not_counted(ledger: Ledger) -> None:
    for _ in range(2):
        assert await ledger.charge("office", RULE) == 0
    for _ in range(5):
        for_office, for_kim = await ledger.charge_behind("office", "kim", RULE)
        assert 29 < for_office <= 30
        assert for_kim == 0
    await ledger.clear("office")
    assert [await ledger.charge_behind("office", "kim", RULE) for _ in range(2)] == [(0, 0), (0, 0)]
    for_office, for_kim = await ledger.charge_behind("office", "kim", RULE)
    assert for_office == 0
    assert 29 < for_kim <= 30


async def test_coming_through_a_gate_costs_nothing_there(ledger: Ledger) -> None:
    for name in ("kim", "jo"):
        for _ in range(2):
            assert await ledger.charge_behind("office", name, RULE) == (0, 0)
    assert await ledger.charge("office", RULE) == 0
