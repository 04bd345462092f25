"""Who signs somebody in goes behind everybody else, step by step, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ops.asgi import Scope
from ops.giving_way import GivingWay

SIGN_IN: Scope = {"type": "http", "method": "POST", "path": "/auth/token"}
READ: Scope = {"type": "http", "method": "POST", "path": "/graphql"}
PAGE: Scope = {"type": "http", "method": "GET", "path": "/auth/login"}
Work = Callable[[], Awaitable[object]]


class Told:
    """An application that does for each request what the test says."""

    def __init__(self) -> None:
        self.work: dict[int, Work] = {}

    async def __call__(self, scope: Scope, *_: object) -> None:
        await self.work[id(scope)]()


class Requests:
    def __init__(self, patience: float = 60.0) -> None:
        self._told = Told()
        self._way = GivingWay(self._told, patience=patience)

    def begin(self, kind: Scope, work: Work) -> asyncio.Task[None]:
        scope = dict(kind)
        self._told.work[id(scope)] = work

        async def request() -> None:
            await self._way(scope, nothing, nothing)

        return asyncio.create_task(request())


async def nothing(*_: Any) -> Any:
    return None


async def turns(count: int = 20) -> None:
    """Let everything go on that can."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("kind", [READ, PAGE], ids=["a read", "a page"])
async def test_a_sign_in_takes_no_step_while_anybody_else_is_under_way_and_goes_on_after(kind: Scope) -> None:
    requests, done, going, steps = Requests(), asyncio.Event(), asyncio.Event(), []

    async def sign_in() -> None:
        steps.append("first")
        await going.wait()
        steps.append("second")

    coming = requests.begin(SIGN_IN, sign_in)
    await turns()
    other = requests.begin(kind, done.wait)
    await turns()
    going.set()
    late = requests.begin(SIGN_IN, sign_in)
    await turns()
    assert steps == ["first"]

    done.set()
    await asyncio.gather(other, coming, late)

    assert sorted(steps) == ["first", "first", "second", "second"]


async def test_patience_ends_where_others_never_do() -> None:
    requests, never, steps = Requests(patience=0.01), asyncio.Event(), []

    async def sign_in() -> None:
        for number in range(3):
            steps.append(number)
            await asyncio.sleep(0)

    other = requests.begin(READ, never.wait)
    await turns()
    await asyncio.wait_for(requests.begin(SIGN_IN, sign_in), 60)

    assert steps == [0, 1, 2]
    never.set()
    await other


async def test_many_who_waited_all_go_on() -> None:
    requests, done, came = Requests(), asyncio.Event(), []

    async def sign_in() -> None:
        await asyncio.sleep(0)
        came.append(1)

    other = requests.begin(READ, done.wait)
    await turns()
    coming = [requests.begin(SIGN_IN, sign_in) for _ in range(50)]
    await turns()
    coming[0].cancel()
    coming[7].cancel()
    await turns()
    assert came == []

    done.set()
    await asyncio.gather(other, *coming, return_exceptions=True)

    assert len(came) == 48


@pytest.mark.parametrize("waiting", [True, False], ids=["while it waits", "while it works"])
async def test_a_cancelled_sign_in_is_told_so_and_tidies_up(waiting: bool) -> None:  # noqa: FBT001 - a case
    requests, done, never, told = Requests(), asyncio.Event(), asyncio.Event(), []

    async def sign_in() -> None:
        try:
            await never.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            told.append("cancelled")
            raise

    coming = requests.begin(SIGN_IN, sign_in)
    await turns()
    other = requests.begin(READ, done.wait) if waiting else None
    await turns()
    coming.cancel()
    await turns()
    done.set()
    with pytest.raises(asyncio.CancelledError):
        await coming

    assert told == ["cancelled"]
    if other:
        await other


async def test_what_goes_wrong_comes_out_and_time_limits_hold() -> None:
    requests = Requests()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError("no such person")

    async def too_long() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    with pytest.raises(LookupError, match="no such person"):
        await requests.begin(SIGN_IN, fail)
    with pytest.raises(TimeoutError):
        await requests.begin(SIGN_IN, too_long)
