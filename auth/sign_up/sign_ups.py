"""An organization on its way: asked for, confirmed by its link, made or refused, opened. Each step is one statement, so that it happens once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from auth.languages import ENGLISH
from auth.opaque import LONGEST, digest, new_opaque
from auth.realms.front import Front, front_letter
from auth.sign_up.asked import Asked
from auth.sign_up.errors import InvitationNeeded, SignUpSpent
from tenants.database import repeatable
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.sentences import as_sentence, sentence
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection, Database, Row
    from tenants.secrets import TenantKey

CONFIRM, INVITED = "sign_up", "sign_up_invitation"
CONFIRM_WITHIN = timedelta(days=1)
INVITED_FOR = timedelta(days=14)

TAKEN = statement(
    """
    SELECT EXISTS (SELECT FROM control.organizations WHERE slug = :slug) OR EXISTS (SELECT FROM control.former_slugs WHERE slug = :slug)
        OR EXISTS (SELECT FROM control.sign_ups WHERE slug = :slug AND state = 'confirmed')
    """
)
ASK = statement(
    """
    INSERT INTO control.sign_ups (id, hash, slug, sealed, invitation, expires_at)
    VALUES (:id, :hash, :slug, :sealed, CAST(:invitation AS bytea), now() + CAST(:within AS interval))
    """
)
READ = statement(
    "SELECT id, slug, sealed, state, reason, organization_id, owner_id, expires_at > now() AS fresh FROM control.sign_ups WHERE hash = :hash"
)
CONFIRMED = statement(
    "UPDATE control.sign_ups SET state = 'confirmed', confirmed_at = now(), next_attempt_at = now() "
    "WHERE hash = :hash AND state = 'asked' AND expires_at > now() RETURNING invitation"
)
OPENED = statement("UPDATE control.sign_ups SET state = 'opened', ended_at = now() WHERE hash = :hash AND state = 'made' RETURNING id")
INVITE = statement("INSERT INTO control.sign_up_invitations (hash, sealed, expires_at) VALUES (:hash, :sealed, now() + CAST(:within AS interval))")
INVITATION = statement("SELECT sealed FROM control.sign_up_invitations WHERE hash = :hash AND used_at IS NULL AND expires_at > now()")
USE_INVITATION = statement(
    "UPDATE control.sign_up_invitations SET used_at = now() WHERE hash = :hash AND used_at IS NULL AND expires_at > now() RETURNING hash"
)


@dataclass(frozen=True, slots=True)
class SignUp:
    """`state`: asked, confirmed, made, opened or refused; `reason`: why it was refused, for whoever asked."""

    id: UUID
    slug: str
    name: str
    email: str
    state: str
    reason: str | None
    organization_id: UUID | None
    owner_id: UUID | None


class SignUps:
    """`mode`: off, by invitation alone (invite), or open to everybody."""

    def __init__(self, database: Database, front: Front, mode: str) -> None:
        self._database = database
        self._front = front
        self.mode = mode

    async def invite(self, email: str, *, mailed: bool) -> str:
        """The token of an invitation for whoever has this address."""
        token = new_opaque()
        await self._invite(token, email)
        if mailed:
            await self._front.write(INVITED, {"email": email, "token": token})
        return token

    @repeatable
    async def _invite(self, token: str, email: str) -> None:
        hashed, key = digest(token), await self._front.key.opened()
        async with self._database.control() as connection:
            await connection.execute(INVITE, hash=hashed, sealed=key.encrypt(email.encode(), _invitation(hashed)), within=INVITED_FOR)

    async def invited(self, token: str) -> str:
        """To which address an invitation was made out. Raises InvitationNeeded."""
        hashed = digest(token) if 0 < len(token) <= LONGEST else b""
        async with self._database.control() as connection:
            sealed: bytes | None = await connection.fetchval(INVITATION, hash=hashed)
        if sealed is None:
            raise InvitationNeeded
        return (await self._front.key.opened()).decrypt(sealed, _invitation(hashed)).decode()

    async def ask(self, asked: Asked, invitation: str, address: str | None, language: str = ENGLISH) -> None:
        """Have the link sent that proves the address. Raises ValidationFailed naming all that is wrong, InvitationNeeded, RateLimited."""
        if self.mode != "open" and await self.invited(invitation) != asked.email:
            raise ValidationFailed({"email": as_sentence("has to be the one that was invited")})
        await self._front.admit("sign-up", asked.email, address)
        async with self._database.control() as connection:
            if await connection.fetchval(TAKEN, slug=asked.slug):
                raise ValidationFailed({"slug": sentence("{slug} is somebody's already; choose another", slug=repr(str(asked.slug)))})
        await self._ask(new_id(), new_opaque(), asked, digest(invitation) if self.mode != "open" else None, language)

    @repeatable
    async def _ask(self, id: UUID, token: str, asked: Asked, invitation: bytes | None, language: str) -> None:
        about, key = {"name": asked.name, "email": asked.email}, await self._front.key.opened()
        sealed = key.encrypt(json.dumps(about).encode(), _sign_up(id))
        wait, letter = front_letter(key, CONFIRM, {"email": asked.email, "language": language, "token": token})
        async with self._database.writing(None) as connection:
            await connection.execute(ASK, id=id, hash=digest(token), slug=asked.slug, sealed=sealed, invitation=invitation, within=CONFIRM_WITHIN)
            await connection.execute(wait, **letter)

    async def of(self, token: str) -> SignUp:
        """Whatever became of it. Raises SignUpSpent where there is none, or it was not confirmed in time."""
        async with self._database.control() as connection:
            row = await connection.fetchrow(READ, hash=_hashed(token))
        if row is None or (row["state"] == "asked" and not row["fresh"]):
            raise SignUpSpent
        return opened(row, await self._front.key.opened())

    @repeatable
    async def confirm(self, token: str) -> None:
        """The address is theirs: a worker makes the organization now. Repeated, it changes nothing. Raises SignUpSpent, InvitationNeeded."""
        async with self._database.writing(None) as connection:
            row = await connection.fetchrow(CONFIRMED, hash=_hashed(token))
            if row is not None:
                await _use(connection, row["invitation"])
        if row is None:
            await self.of(token)

    @repeatable
    async def open(self, token: str) -> bool:
        """Whether this is the one time that it leads in."""
        async with self._database.control() as connection:
            return await connection.fetchval(OPENED, hash=_hashed(token)) is not None


def opened(row: Row, key: TenantKey) -> SignUp:
    """A row with its sealed part opened. Raises Undecipherable."""
    about: dict[str, Any] = json.loads(key.decrypt(row["sealed"], _sign_up(row["id"])))
    return SignUp(row["id"], row["slug"], about["name"], about["email"], row["state"], row["reason"], row["organization_id"], row["owner_id"])


async def _use(connection: Connection, invitation: bytes | None) -> None:
    """Of two organizations that were asked for with one invitation, the first one confirmed is made."""
    if invitation is not None and await connection.fetchval(USE_INVITATION, hash=invitation) is None:
        raise InvitationNeeded


def _hashed(token: str) -> bytes:
    if not 0 < len(token) <= LONGEST:
        raise SignUpSpent
    return digest(token)


def _sign_up(id: UUID) -> bytes:
    return b"sign-up:" + id.bytes


def _invitation(hashed: bytes) -> bytes:
    return b"sign-up-invitation:" + hashed
