"""How many statements the driver had to prepare, because no connection's cache held them."""

from __future__ import annotations

import asyncpg


def statements_prepared() -> int:
    """In this process so far. The driver numbers them; nothing public says so."""
    return int(asyncpg.connection._uid)  # type: ignore[attr-defined] # noqa: SLF001
