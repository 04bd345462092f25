"""Codes on paper: made with the first factor that somebody sets up, gone with the last."""

from __future__ import annotations

from uuid import UUID

from auth.factors import codes
from auth.opaque import digest
from tenants.statements import statement
from tenants.transaction import Transaction

USE = statement("UPDATE __tenant__.recovery_codes SET used_at = :now WHERE user_id = :user_id AND hash = :hash AND used_at IS NULL")
FORGET_CODES = statement("DELETE FROM __tenant__.recovery_codes WHERE user_id = :user_id")
STORE_CODE = statement("INSERT INTO __tenant__.recovery_codes (user_id, hash) VALUES (:user_id, :hash)")
HAS_FACTOR = statement(
    """
    SELECT 1 FROM __tenant__.authenticators WHERE user_id = :user_id AND confirmed_at IS NOT NULL
    UNION ALL SELECT 1 FROM __tenant__.passkeys WHERE user_id = :user_id LIMIT 1
    """
)


async def new_codes(change: Transaction, user_id: UUID) -> list[str]:
    """Others than before, known only now. The caller holds the person's row."""
    await change.connection.execute(FORGET_CODES, user_id=user_id)
    fresh = codes.new_recovery_codes()
    for code in fresh:
        await change.connection.execute(STORE_CODE, user_id=user_id, hash=digest(codes.plain(code)))
    return fresh


async def use_code(change: Transaction, user_id: UUID, code: str) -> bool:
    """Whether it was one of theirs, and not used before. `code` as `codes.plain` makes it."""
    return bool(await change.connection.execute(USE, user_id=user_id, hash=digest(code), now=change.now))


async def has_factor(change: Transaction, user_id: UUID) -> bool:
    return await change.connection.fetchrow(HAS_FACTOR, user_id=user_id) is not None


async def forget_if_last(change: Transaction, user_id: UUID) -> None:
    """Codes stand in for a factor; without one they are no way in."""
    if not await has_factor(change, user_id):
        await change.connection.execute(FORGET_CODES, user_id=user_id)
