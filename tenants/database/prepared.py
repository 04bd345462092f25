"""The prepared statements of one connection: how many there were, and forgetting one tenant's.

The driver's own cache forgets all or nothing, and counts nothing. It has no public door for another, so this one takes its
place where it lies; it differs in nothing that the driver sees.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

from asyncpg import connection as driver

from tenants.database.measures import FORGOTTEN, PREPARED

if TYPE_CHECKING:
    from asyncpg import Connection, Record


class PreparedStatements(driver._StatementCache):  # type: ignore[name-defined,misc] # the stubs leave it out
    """Least recently used first out. `ever` counts also those that are gone: what the server keeps for their tables stays."""

    __slots__ = ("ever",)

    @classmethod
    def of(cls, raw: Connection[Record]) -> Self:
        """Take the place of the driver's cache; whatever that held is prepared again when it is wanted."""
        place: Any = raw
        before = place._stmt_cache
        before.clear()
        made = cls(loop=before._loop, max_size=before._max_size, on_remove=before._on_remove, max_lifetime=0)
        made.ever = 0
        place._stmt_cache = made
        return made

    def put(self, query: Any, statement: Any) -> None:
        """Called for every statement that was not known."""
        self.ever += 1
        PREPARED.inc()
        super().put(query, statement)

    def forget(self, names: Collection[str]) -> None:
        """Drop those whose text holds one of these names. The server is told with the next statement that is prepared."""
        gone = [query for query in self._entries if any(name in query[0] for name in names)]
        for query in gone:
            self._on_remove(self._entries.pop(query)._statement)
        FORGOTTEN.inc(len(gone))
