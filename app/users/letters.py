"""Links that are mailed: who gets which, as long as what the letter says is still so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.users.projections import Recipient
from app.users.values import EMAIL_PURPOSE
from auth.links import OPEN
from auth.opaque import digest
from auth.settings import ADDRESS_LIFETIME, INVITATION_LIFETIME
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.transaction import Transaction

# The row is held: whoever invites again or gives another address comes before, and this finds nothing, or after, and withdraws the link.
INVITE = statement(
    """
    INSERT INTO __tenant__.links (hash, user_id, purpose, created_at, expires_at)
    SELECT :hash, u.id, 'invitation', CAST(:now AS timestamptz), CAST(:expires_at AS timestamptz) FROM __tenant__.users u
    WHERE u.id = :user_id AND u.status = 'invited' AND NOT EXISTS (
      SELECT FROM __tenant__.domain_events e
      WHERE e.aggregate_id = u.id AND e.aggregate_version > :version AND e.event_type IN ('UserInvitedAgain', 'UserRemoved'))
    FOR SHARE OF u ON CONFLICT (hash) DO NOTHING
    """
)
CONFIRM = statement(
    """
    INSERT INTO __tenant__.links (hash, user_id, purpose, created_at, expires_at)
    SELECT :hash, u.id, 'address', CAST(:now AS timestamptz), CAST(:expires_at AS timestamptz) FROM __tenant__.users u
    WHERE u.id = :user_id AND u.status = 'active' AND u.new_email = :sealed FOR SHARE OF u ON CONFLICT (hash) DO NOTHING
    """
)
TO = statement("SELECT name, email, new_email, person_key FROM __tenant__.users WHERE id = :id AND person_key IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom to write to, and the token that the letter's link carries."""

    to: Recipient
    token: str


async def invitation(tx: Transaction, user_id: UUID, *, version: int, letter_id: UUID) -> Addressed | None:
    """`version`: theirs when they were invited. None where they have come, gone, or been invited again since; the same letter twice has one link."""
    token = _token(tx, letter_id)
    expires = tx.now + timedelta(seconds=INVITATION_LIFETIME)
    await tx.connection.execute(INVITE, hash=digest(token), user_id=user_id, version=version, now=tx.now, expires_at=expires)
    return await _addressed(tx, token, user_id, "invitation", "email")


async def confirmation(tx: Transaction, user_id: UUID, *, sealed: bytes, letter_id: UUID) -> Addressed | None:
    """`sealed`: the address that they gave. None where they have given another since."""
    token = _token(tx, letter_id)
    expires = tx.now + timedelta(seconds=ADDRESS_LIFETIME)
    await tx.connection.execute(CONFIRM, hash=digest(token), user_id=user_id, sealed=sealed, now=tx.now, expires_at=expires)
    return await _addressed(tx, token, user_id, "address", "new_email")


def _token(tx: Transaction, letter_id: UUID) -> str:
    return tx.tenant.key.blind_index("mailed-link", str(letter_id)).hex()


async def _addressed(tx: Transaction, token: str, user_id: UUID, purpose: str, column: str) -> Addressed | None:
    row = await tx.connection.fetchrow(TO, id=user_id)
    if row is None or row[column] is None or await tx.connection.fetchval(OPEN, hash=digest(token), purpose=purpose) != user_id:
        return None
    return Addressed(Recipient(row["name"], tx.tenant.key.open_personal(user_id, row["person_key"], EMAIL_PURPOSE, row[column])), token)
