"""How many events an organization has had today, without counting them at every commit."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tenants.statements import statement
from tenants.tiers import QuotaExceeded

if TYPE_CHECKING:
    from tenants.database import Connection

MOST_REMEMBERED = 20_000

# Sequence numbers are given in nearly the order of time: the least of the first few is the first.
FIRST = statement(
    "SELECT min(sequence_number) FROM "
    "(SELECT sequence_number FROM __tenant__.domain_events WHERE occurred_at >= :midnight ORDER BY occurred_at LIMIT 100) early"
)
COUNT = statement("SELECT count(*) FROM (SELECT FROM __tenant__.domain_events WHERE occurred_at >= :midnight LIMIT CAST(:most AS bigint)) today")


@dataclass(slots=True)
class Day:
    """One organization's UTC day. `first` is where its sequence numbers began, `full_at` a limit that was found to be reached."""

    date: date
    first: int
    full_at: int = 0


class Today:
    """What one process remembers of every organization's day; the least recently used are forgotten.

    Sequence numbers rise by one with every event, and by a few more where a change was rolled back, so their distance from
    the day's first one is at least the number of events. Only when it reaches the limit are the events counted, and the
    gaps forgotten. Changes that commit at the same moment do not see each other: at the very limit as many more may slip in.
    """

    def __init__(self) -> None:
        self._days: OrderedDict[UUID, Day] = OrderedDict()

    def refuse_if_full(self, organization: UUID, now: datetime, limit: int) -> None:
        """Raises QuotaExceeded where that is known without asking, so that refusals cost nothing."""
        day = self._days.get(organization)
        if day is not None and day.full_at >= limit and day.date == _date(now):
            raise exceeded(day.full_at, limit)

    async def charge(self, connection: Connection, organization: UUID, now: datetime, limit: int, *, last: int, appended: int) -> None:
        """Count in what this transaction appended, `last` being its latest sequence number. Raises QuotaExceeded."""
        day, midnight = self._days.get(organization), _midnight(now)
        if day is None or day.date != midnight.date():
            first = await connection.fetchval(FIRST, midnight=midnight)
            day = self._remember(organization, Day(midnight.date(), first))
        self._days.move_to_end(organization)
        if last - day.first < limit:
            return
        counted = await connection.fetchval(COUNT, midnight=midnight, most=limit + appended)
        if counted > limit:
            before = counted - appended
            day.full_at = before if before >= limit else 0
            raise exceeded(before, limit)
        day.first = last - counted + 1

    def _remember(self, organization: UUID, day: Day) -> Day:
        self._days[organization] = day
        if len(self._days) > MOST_REMEMBERED:
            self._days.popitem(last=False)
        return day


def exceeded(used: int, limit: int) -> QuotaExceeded:
    message = f"This organization has had {used:,} events today of the {limit:,} that it may have. It can go on at midnight, UTC."
    return QuotaExceeded("eventsPerDay", limit, used, message)


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _date(now: datetime) -> date:
    return now.astimezone(UTC).date()
