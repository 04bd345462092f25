"""Room that an organization certainly has, so that what it has need not be counted each time something is added."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

MOST_REMEMBERED = 20_000


class Headroom:
    """What one process remembers of every organization: the sequence number until which there is room for more of a kind.

    Every event adds one at most, whoever caused it, so the room that was counted lasts at least as many events. The least
    recently used are forgotten and counted again.
    """

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[UUID, str], tuple[int, int]] = OrderedDict()

    def until(self, organization: UUID, kind: str, limit: int) -> int:
        """An event with a lower number needs no counting; 0 where nothing is known for this limit."""
        counted_for, until = self._until.get((organization, kind), (limit, 0))
        return until if counted_for == limit else 0

    def remember(self, organization: UUID, kind: str, limit: int, *, room: int, latest: int) -> None:
        """There was room for so many more after the event with this number."""
        self._until[organization, kind] = limit, latest + room
        self._until.move_to_end((organization, kind))
        if len(self._until) > MOST_REMEMBERED:
            self._until.popitem(last=False)
