"""Making the organizations that people asked for: each once, wholly or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import structlog

from auth.sign_up.reasons import FAILED, TAKEN
from auth.sign_up.sign_ups import SignUp, opened
from tenants import audit
from tenants.database import connect_as_admin, repeatable
from tenants.errors import Conflict, Refusal, ValidationFailed
from tenants.lifecycle.purging import purge
from tenants.settings import TenantSettings
from tenants.statements import statement
from workers.stock import prepared

if TYPE_CHECKING:
    from auth.realms.key import RealmKey
    from tenants.database import Database
    from tenants.registry import Tenant

ATTEMPTS = 5

# Counted before it is made, so that a crash counts; whoever is at it has two minutes before another takes it up.
CLAIM = statement(
    """
    UPDATE control.sign_ups SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => 120 * power(2, attempts))
    WHERE id = (SELECT id FROM control.sign_ups WHERE state = 'confirmed' AND next_attempt_at <= now()
                ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, slug, sealed, state, reason, organization_id, owner_id, attempts
    """
)
MADE = statement(
    "UPDATE control.sign_ups SET state = 'made', organization_id = :organization, owner_id = :owner, ended_at = now() "
    "WHERE id = :id AND state = 'confirmed'"
)
REFUSED = statement("UPDATE control.sign_ups SET state = 'refused', reason = :reason, ended_at = now() WHERE id = :id AND state = 'confirmed'")

log = structlog.get_logger(__name__)


class Founded(Protocol):
    @property
    def tenant(self) -> Tenant: ...

    @property
    def owner_id(self) -> UUID: ...


class Founder(Protocol):
    """Makes an organization with its owner invited, or finishes what an interrupted call began; whoever composes the process hands it in."""

    async def __call__(self, settings: TenantSettings, database: Database, *, slug: str, name: str, owner_email: str) -> Founded: ...


@dataclass(frozen=True, slots=True)
class SignUpMaker:
    settings: TenantSettings
    database: Database
    key: RealmKey
    found: Founder

    async def step(self) -> bool:
        """Make one organization that was asked for and confirmed; whether there was any."""
        claimed = await self._claimed()
        if claimed is None:
            return False
        wanted, attempt = claimed
        await asyncio.to_thread(prepared)
        try:
            made = await self.found(self.settings, self.database, slug=wanted.slug, name=wanted.name, owner_email=wanted.email)
        except (Conflict, ValidationFailed) as refusal:
            log.info("an organization is not made", sign_up=str(wanted.id), slug=wanted.slug, code=refusal.code)
            await self._refuse(wanted, _reason(refusal))
        except Exception as error:
            log.exception("an organization could not be made", sign_up=str(wanted.id), slug=wanted.slug, attempt=attempt)
            if attempt >= ATTEMPTS:
                await self._undo(wanted)
                await self._refuse(wanted, FAILED)
            if not isinstance(error, Refusal):
                raise
        else:
            await self._made(wanted, made)
        return True

    @repeatable
    async def _claimed(self) -> tuple[SignUp, int] | None:
        key = await self.key.opened()
        async with self.database.control() as connection:
            row = await connection.fetchrow(CLAIM)
        return (opened(row, key), row["attempts"]) if row else None

    async def _made(self, wanted: SignUp, made: Founded) -> None:
        async with connect_as_admin(self.settings.admin_database_url) as admin, admin.transaction(self.settings.owner_role):
            await audit.record(admin, "tenant.signed_up", made.tenant.id, made.tenant.slug, sign_up=str(wanted.id))
        async with self.database.control() as connection:
            await connection.execute(MADE, id=wanted.id, organization=made.tenant.id, owner=made.owner_id)
        log.info("an organization was opened", sign_up=str(wanted.id), tenant=made.tenant.slug)

    async def _refuse(self, wanted: SignUp, reason: str) -> None:
        async with self.database.control() as connection:
            await connection.execute(REFUSED, id=wanted.id, reason=reason)

    async def _undo(self, wanted: SignUp) -> None:
        """What was begun is removed; one that is open, or that others are making, is let be."""
        try:
            await purge(self.settings, wanted.slug, lambda _line: None)
        except Refusal as refusal:
            log.warning("nothing of a sign-up is removed", sign_up=str(wanted.id), slug=wanted.slug, reason=refusal.message)


def _reason(refusal: Refusal) -> str:
    """For whoever asked; what operators are told names commands."""
    if isinstance(refusal, ValidationFailed):
        return " ".join(f"That {name} {wrong}." for name, wrong in refusal.fields.items())
    return TAKEN
