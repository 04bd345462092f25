"""Links that are mailed: who gets which, as long as what the letter says is still so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.users.projections import Recipient, language_of
from app.users.values import EMAIL_PURPOSE
from auth.links import OPEN
from auth.opaque import digest
from auth.settings import ADDRESS_LIFETIME, INVITATION_LIFETIME, RESET_LIFETIME
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection, Row
    from tenants.registry import Tenant
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
RESET = statement(
    """
    INSERT INTO __tenant__.links (hash, user_id, purpose, created_at, expires_at)
    SELECT :hash, u.id, 'reset', CAST(:now AS timestamptz), CAST(:expires_at AS timestamptz) FROM __tenant__.users u
    WHERE u.id = :user_id AND u.status = 'active' FOR SHARE OF u ON CONFLICT (hash) DO NOTHING
    """
)
_FORGETFUL = (
    "SELECT u.id, u.status, EXISTS (SELECT FROM __tenant__.credentials c WHERE c.user_id = u.id) AS has_password, "
    "ARRAY(SELECT c.label FROM __tenant__.identities i JOIN __tenant__.connections c ON c.id = i.connection_id "
    "WHERE i.user_id = u.id AND c.enabled ORDER BY c.label) AS ways FROM __tenant__.users u WHERE "
)
FORGETFUL_BY_EMAIL = statement(_FORGETFUL + "u.email_index = ANY(CAST(:value AS bytea[]))")
FORGETFUL_BY_USERNAME = statement(_FORGETFUL + "u.username = :value")
WAYS = statement("SELECT label FROM __tenant__.connections WHERE enabled ORDER BY label")
TO = statement(
    "SELECT name, email, new_email, person_key, language, (SELECT settings ->> 'language' FROM __tenant__.organization LIMIT 1) AS spoken "
    "FROM __tenant__.users WHERE id = :id AND person_key IS NOT NULL"
)


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


@dataclass(frozen=True, slots=True)
class Forgetful:
    """Somebody who says that they forgot their password. `ways`: the providers through which they come in; a link is for who uses passwords."""

    user_id: UUID
    status: str
    has_password: bool
    ways: tuple[str, ...]

    @property
    def gets_link(self) -> bool:
        return self.status == "active" and (self.has_password or not self.ways)


async def forgetful(connection: Connection, tenant: Tenant, login: str) -> Forgetful | None:
    """Whose address or username it is, if anybody's; `login` in lower case."""
    if "@" in login:
        row = await connection.fetchrow(FORGETFUL_BY_EMAIL, value=tenant.key.blind_indexes(EMAIL_PURPOSE, login))
    else:
        row = await connection.fetchrow(FORGETFUL_BY_USERNAME, value=login)
    return Forgetful(row["id"], row["status"], row["has_password"], tuple(row["ways"])) if row else None


async def ways_in(connection: Connection, person: Forgetful) -> list[str]:
    """The providers through which they come in, or could."""
    return list(person.ways) or [row["label"] for row in await connection.fetch(WAYS)]


async def reset(tx: Transaction, user_id: UUID, *, letter_id: UUID) -> tuple[Addressed | None, bool]:
    """The letter's link, and whether it is new. None where they left meanwhile, or have used it; the same letter twice has one link."""
    token = _token(tx, letter_id)
    expires = tx.now + timedelta(seconds=RESET_LIFETIME)
    new = await tx.connection.execute(RESET, hash=digest(token), user_id=user_id, now=tx.now, expires_at=expires)
    return await _addressed(tx, token, user_id, "reset", "email"), bool(new)


async def reached(connection: Connection, tenant: Tenant, user_id: UUID) -> Recipient | None:
    """Whom to write to about their own account, whatever they want mail about."""
    row = await connection.fetchrow(TO, id=user_id)
    if row is None or row["email"] is None:
        return None
    return _recipient(tenant, user_id, row, "email")


def _token(tx: Transaction, letter_id: UUID) -> str:
    return tx.tenant.key.blind_index("mailed-link", str(letter_id)).hex()


async def _addressed(tx: Transaction, token: str, user_id: UUID, purpose: str, column: str) -> Addressed | None:
    row = await tx.connection.fetchrow(TO, id=user_id)
    if row is None or row[column] is None or await tx.connection.fetchval(OPEN, hash=digest(token), purpose=purpose) != user_id:
        return None
    return Addressed(_recipient(tx.tenant, user_id, row, column), token)


def _recipient(tenant: Tenant, user_id: UUID, row: Row, column: str) -> Recipient:
    address = tenant.key.open_personal(user_id, row["person_key"], EMAIL_PURPOSE, row[column])
    return Recipient(row["name"], address, language_of(tenant, user_id, row))
