"""What decides about a guest's comment: whether there may be any, how many wait, and how often one may say something."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from app.comments.sealing import EMAIL, EMAIL_PURPOSE
from app.comments.values import MOST_BY_GUEST, MOST_BY_VISITOR, MOST_GUESTS_WAITING
from tenants.database import Connection
from tenants.secrets import Undecipherable
from tenants.statements import statement
from tenants.transaction import Transaction

WELCOME = statement("SELECT coalesce((SELECT policies #>> '{comments,guests}' = 'true' FROM __tenant__.organization), false)")
FULL = statement(
    "SELECT count(*) = :most FROM (SELECT FROM __tenant__.comments WHERE status = 'PENDING' AND guest_key IS NOT NULL LIMIT CAST(:most AS bigint)) w"
)
TURNS = statement("SELECT coalesce(max(number), 0) FROM __tenant__.guest_turns WHERE day = :day AND who = :who")
TAKE_TURN = statement(
    "INSERT INTO __tenant__.guest_turns (day, who, number) VALUES (:day, :who, CAST(:number AS smallint)) ON CONFLICT DO NOTHING",
)
SAID = statement(
    """
    SELECT body FROM __tenant__.comments WHERE guest_email_index = ANY (CAST(:indexes AS bytea[])) AND created_at > :since
    ORDER BY created_at DESC LIMIT 5
    """
)
SIGNED = statement("SELECT guest_key, guest_email, guest_email_index FROM __tenant__.comments WHERE id = :id AND guest_key IS NOT NULL")
OF_ADDRESS = statement("SELECT id FROM __tenant__.comments WHERE guest_email_index = ANY (CAST(:indexes AS bytea[])) ORDER BY id")
NOTE_ERASURE = statement("INSERT INTO control.erasures (user_id) VALUES (:comment_id) ON CONFLICT DO NOTHING")
FORGET_TURNS = statement(
    """
    DELETE FROM __tenant__.guest_turns WHERE (day, who, number) IN (
      SELECT day, who, number FROM __tenant__.guest_turns WHERE day < (now() AT TIME ZONE 'UTC')::date LIMIT :rows
    )
    """
)


async def welcome(tx: Transaction) -> bool:
    """Whether the organization lets people comment who are not signed in; off unless it said so."""
    return bool(await tx.connection.fetchval(WELCOME))


async def too_many_wait(tx: Transaction) -> bool:
    """About as many as moderators can look through."""
    return bool(await tx.connection.fetchval(FULL, most=MOST_GUESTS_WAITING))


async def take_turns(tx: Transaction, email_index: bytes, visitor: bytes) -> bool:
    """One of the day's turns of this address, and one of this visitor's; False where one of them has none left. At whatever haste."""
    day = tx.now.astimezone(UTC).date()
    limits = {email_index: MOST_BY_GUEST, visitor: MOST_BY_VISITOR}
    return all([await _take_turn(tx, day, who, most) for who, most in sorted(limits.items()) if who])


async def _take_turn(tx: Transaction, day: date, who: bytes, most: int) -> bool:
    number = await tx.connection.fetchval(TURNS, day=day, who=who)
    while number < most:
        number += 1
        # A number that somebody else takes at the same moment is waited for, then passed by.
        if await tx.connection.execute(TAKE_TURN, day=day, who=who, number=number):
            return True
    return False


def seconds_to_next_day(now: datetime) -> int:
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return int((tomorrow - now).total_seconds()) + 1


async def said(tx: Transaction, indexes: list[bytes], *, since: datetime) -> list[str]:
    """What this address wrote last, newest first."""
    return [row["body"] for row in await tx.connection.fetch(SAID, indexes=indexes, since=since)]


async def by_the_same(tx: Transaction, comment_id: UUID) -> list[UUID]:
    """The comments written from the same address as this one, in one order everywhere; none where no guest wrote it.

    While the organization's key is rotated, its comments lie under two.
    """
    row = await tx.connection.fetchrow(SIGNED, id=comment_id)
    if row is None:
        return []
    indexes = [row["guest_email_index"]]
    with suppress(Undecipherable):  # of a row that was changed by hand, what it is found under is left
        indexes += tx.tenant.key.blind_indexes(EMAIL_PURPOSE, tx.tenant.key.open_personal(comment_id, row["guest_key"], EMAIL, row["guest_email"]))
    return [row["id"] for row in await tx.connection.fetch(OF_ADDRESS, indexes=indexes)]


async def note_erasure(tx: Transaction, comment_id: UUID) -> None:
    """For older copies, which bring the guest back no more than people."""
    await tx.connection.execute(NOTE_ERASURE, comment_id=comment_id)


async def let_go(connection: Connection, rows: int) -> int:
    """Forget, as the tenant, up to `rows` of the turns of days that are over; how many."""
    return await connection.execute(FORGET_TURNS, rows=rows)
