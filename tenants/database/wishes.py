"""Waiting a moment for a backend that knows the tenant, rather than teaching an idle one.

Meeting a tenant costs a backend several milliseconds and memory that it keeps. A statement takes about one: where a backend
that has met the tenant is at work, it is likely to be free before an idle one would have learned as much. A tenant that has
waited for as long, all in all, as it takes to meet another backend meets one instead, as who rents skis buys them once the
rent has come to their price: so the few tenants with much to do come to know several, and the many with little know one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PATIENCE = 0.005
MOST_FOR_EACH = 2
PRICE = 0.010
MOST_REMEMBERED = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """`granted` is the backend's index, None when it did not come free in time."""

    key: str
    backends: tuple[int, ...]
    granted: asyncio.Future[int | None]
    timer: asyncio.TimerHandle
    began: float


class Wishes:
    """By backend, in the order in which they came."""

    def __init__(self) -> None:
        self._for: defaultdict[int, deque[Wish]] = defaultdict(deque)
        self._waited: dict[str, float] = {}

    def begin(self, key: str, backends: Sequence[int]) -> Wish | None:
        """Wait for the first of these that comes free; whoever begins ends it.

        None where others wait for all of them already, and where another backend is worth meeting by now.
        """
        if self._waited.get(key, 0.0) >= PRICE:
            del self._waited[key]
            return None
        open_to = tuple(index for index in backends if len(self._for[index]) < MOST_FOR_EACH)
        if not open_to:
            return None
        loop = asyncio.get_running_loop()
        granted: asyncio.Future[int | None] = loop.create_future()
        wish = Wish(key, open_to, granted, loop.call_later(PATIENCE, _give_up, granted), loop.time())
        for index in open_to:
            self._for[index].append(wish)
        return wish

    def end(self, wish: Wish) -> None:
        wish.timer.cancel()
        if len(self._waited) >= MOST_REMEMBERED:
            self._waited.clear()
        self._waited[wish.key] = self._waited.get(wish.key, 0.0) + asyncio.get_running_loop().time() - wish.began
        for index in wish.backends:
            self._for[index].remove(wish)

    def next_for(self, index: int, may_have: Callable[[str], bool]) -> Wish | None:
        """Whoever has waited longest for this backend, still does, and may have it."""
        return next((wish for wish in self._for[index] if not wish.granted.done() and may_have(wish.key)), None)


def _give_up(granted: asyncio.Future[int | None]) -> None:
    if not granted.done():
        granted.set_result(None)
