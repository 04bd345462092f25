"""Keeping children alive: one that dies is said and started again, later each time it dies soon."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from typing import NoReturn

from ops.stack.children import Child

LOOK_SECONDS = 0.2
FIRST_WAIT = 0.5
LONGEST_WAIT = 15.0
SETTLED_SECONDS = 30.0


async def keep(children: Iterable[Child], say: Callable[[str], None]) -> NoReturn:
    """Runs until cancelled; stopping the children is the caller's."""
    await asyncio.gather(*(_keep(child, say) for child in children))
    raise RuntimeError("nothing to keep alive")


async def _keep(child: Child, say: Callable[[str], None]) -> NoReturn:
    clock = asyncio.get_running_loop().time
    wait = FIRST_WAIT
    started = clock()
    while True:
        if child.running:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        if clock() - started > SETTLED_SECONDS:
            wait = FIRST_WAIT
        words = child.last_words(1)
        say(f"{child.name} {how_it_ended(child)}; starting it again in {wait:g} s" + (f" ({words})" if words else ""))
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
        started = clock()
        child.start()


def how_it_ended(child: Child) -> str:
    code = child.exit_code() or 0
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
