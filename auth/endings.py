"""What ends when somebody may no longer come in, within the transaction that says so: sessions with their refresh tokens, links, passwords."""

from __future__ import annotations

from uuid import UUID

from auth.credentials import SET
from auth.factors.factors import FORGET, FORGET_PASSKEYS
from auth.factors.recovery import FORGET_CODES
from auth.links import WITHDRAW, Purpose
from auth.remembered import FORGET_REMEMBERED, forget_devices
from auth.scim.records import FORGET as FORGET_PROVISIONED
from auth.sessions import REVOKE_ALL
from tenants.statements import statement
from tenants.transaction import Transaction

REVOKE_TOKENS = statement("UPDATE __tenant__.api_tokens SET revoked_at = :now WHERE user_id = :user_id AND revoked_at IS NULL")
WITHDRAW_ALL = statement("UPDATE __tenant__.links SET used_at = :now WHERE user_id = :user_id AND used_at IS NULL")
FORGET_PASSWORD = statement("DELETE FROM __tenant__.credentials WHERE user_id = :user_id")

FORGET_ALL = (
    FORGET_PASSWORD,
    statement("DELETE FROM __tenant__.sessions WHERE user_id = :user_id"),
    statement("DELETE FROM __tenant__.links WHERE user_id = :user_id"),
    statement("DELETE FROM __tenant__.sign_ins WHERE user_id = :user_id"),
    statement("DELETE FROM __tenant__.identities WHERE user_id = :user_id"),
    FORGET_PROVISIONED,
    FORGET,
    FORGET_PASSKEYS,
    FORGET_CODES,
    FORGET_REMEMBERED,
    statement("DELETE FROM __tenant__.api_tokens WHERE user_id = :user_id"),
    statement("DELETE FROM __tenant__.clients WHERE user_id = :user_id"),
    statement("DELETE FROM __tenant__.sign_in_events WHERE user_id = :user_id"),
)


async def end_sessions(tx: Transaction, user_id: UUID) -> None:
    """For good: a session that has ended never lives again, whatever becomes of its person. Call it after their row was changed.

    Devices that were remembered are so no longer.
    """
    await tx.connection.execute(REVOKE_ALL, user_id=user_id, now=tx.now)
    await forget_devices(tx, user_id)


async def withdraw_links(tx: Transaction, user_id: UUID, purpose: Purpose = "invitation") -> None:
    await tx.connection.execute(WITHDRAW, user_id=user_id, purpose=purpose, now=tx.now)


async def end_everything(tx: Transaction, user_id: UUID) -> None:
    """Nothing that they were given opens a door any more."""
    await end_sessions(tx, user_id)
    for factors in (FORGET, FORGET_PASSKEYS, FORGET_CODES):
        await tx.connection.execute(factors, user_id=user_id)
    await tx.connection.execute(REVOKE_TOKENS, user_id=user_id, now=tx.now)
    await tx.connection.execute(WITHDRAW_ALL, user_id=user_id, now=tx.now)
    await tx.connection.execute(FORGET_PASSWORD, user_id=user_id)


async def forget(tx: Transaction, user_id: UUID) -> None:
    """As if they had never been here: with a session go its refresh tokens, the device and the address it came from."""
    for delete in FORGET_ALL:
        await tx.connection.execute(delete, user_id=user_id)


async def give_password(tx: Transaction, user_id: UUID, password_hash: str) -> None:
    """Whoever came in with another one is out, and links to choose a new one are useless."""
    await end_sessions(tx, user_id)
    await withdraw_links(tx, user_id, "reset")
    await tx.connection.execute(SET, user_id=user_id, password_hash=password_hash, now=tx.now)
