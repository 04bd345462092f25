"""People's passkeys: made, asked for, proven, removed. What is asked is good once, for minutes, in the browser that was asked."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from auth.accounts import Account
from auth.enforced import keep_factor
from auth.factors import ceremonies
from auth.factors.ceremonies import Answer, Known, Owner, RelyingParty
from auth.factors.recovery import forget_if_last, has_factor, new_codes
from auth.limits import Limits, name_counted
from auth.measures import SIGN_INS
from auth.remembered import forget_devices
from auth.sso.checks import Checks, SignInRefused, refused
from auth.sso.handles import Handles
from auth.sso.trail import REFUSED, Happened, Trail, tell_in
from tenants.database import UniqueTaken, repeatable
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

MODULE = "passkey"
MAKING, PROVING = "passkey_making", "passkey_proving"
WITHIN = 300
MOST, LONGEST_NAME = 20, 80
CHALLENGE_BYTES, HANDLE_BYTES = 32, 32

OF_PERSON = statement(
    """
    SELECT id, name, rp_id, synced, created_at, last_used_at, credential_id, user_handle, transports
    FROM __tenant__.passkeys WHERE user_id = :user_id ORDER BY created_at, id
    """
)
BY_CREDENTIAL = statement(
    """
    SELECT p.id, p.user_id, p.credential_id, p.user_handle, p.public_key, p.sign_count, p.synced, p.rp_id, u.status
    FROM __tenant__.passkeys p JOIN __tenant__.users u ON u.id = p.user_id WHERE p.credential_id = :credential_id
    """
)
HOLD = statement("SELECT 1 FROM __tenant__.users WHERE id = :user_id AND status = 'active' FOR NO KEY UPDATE")
COUNT = statement("SELECT count(*) FROM __tenant__.passkeys WHERE user_id = :user_id")
INSERT = statement(
    """
    INSERT INTO __tenant__.passkeys
      (id, user_id, credential_id, user_handle, public_key, rp_id, sign_count, synced, transports, name, created_at)
    VALUES (:id, :user_id, :credential_id, :user_handle, :public_key, :rp_id, :sign_count, :synced, CAST(:transports AS text[]), :name, :now)
    """
)
USED = statement(
    """
    UPDATE __tenant__.passkeys SET sign_count = :count, last_used_at = :now
    WHERE id = :id AND (sign_count < :count OR (sign_count = 0 AND :count = 0))
    """
)
REMOVE = statement("DELETE FROM __tenant__.passkeys WHERE id = :id AND user_id = :user_id RETURNING name")

Step = Literal["sign_in", "second_factor", "step_up"]


@dataclass(frozen=True, slots=True)
class Passkey:
    """`host`: where it works."""

    id: UUID
    name: str
    host: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """`options`: what the page's script hands to the browser, as JSON. `handle` comes back with the answer."""

    handle: str
    options: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a form brought back: the handle of what was asked, the browser it was asked in, and the device's answer as JSON."""

    handle: str
    browser: str | None
    answer: str
    address: str


@dataclass(frozen=True, slots=True)
class Proven:
    user_id: UUID
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """`recovery`: codes that are known only now, where it is their first factor."""

    amr: tuple[str, ...]
    recovery: list[str]


@dataclass(slots=True)
class _Noted:
    """What the audit log is told of a refusal. `user_id`: as soon as it is known."""

    cause: Cause
    address: str
    step: str
    user_id: UUID | None


class Passkeys:
    def __init__(self, database: Database, handles: Handles, trail: Trail, limits: Limits) -> None:
        self._database = database
        self._handles = handles
        self._trail = trail
        self._limits = limits

    async def of(self, tenant: Tenant, user_id: UUID) -> list[Passkey]:
        """The oldest first."""
        return [
            Passkey(row["id"], row["name"], row["rp_id"], row["synced"], row["created_at"], row["last_used_at"])
            for row in await self._rows(tenant, user_id)
        ]

    async def ask_to_make(self, tenant: Tenant, account: Account, organization: str, party: RelyingParty, browser: str | None) -> Asked:
        rows = await self._rows(tenant, account.user_id)
        handle = rows[0]["user_handle"] if rows else secrets.token_bytes(HANDLE_BYTES)
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        payload = {"user": str(account.user_id), "challenge": challenge.hex(), "handle": handle.hex()}
        kept = await self._handles.keep(tenant, MAKING, payload, seconds=WITHIN, browser=browser)
        known = [row["credential_id"] for row in rows if row["rp_id"] == party.id]
        owner = Owner(handle, account.username, account.name)
        return Asked(kept, ceremonies.asked_to_make(party, organization, owner, challenge, known))

    async def make(self, tenant: Tenant, user_id: UUID, party: RelyingParty, answered: Answered, name: str, cause: Cause) -> Made:
        """The key counts from now on.

        Raises SignInRefused (in the audit log by then), ValidationFailed, Conflict.
        """
        name = " ".join(name.split()) or "A passkey"
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise ValidationFailed({"name": f"takes at most {LONGEST_NAME} letters, without control characters"})
        async with self._noted(tenant, _Noted(cause, answered.address, "make", user_id)):
            kept = await self._handles.take(tenant, MAKING, answered.handle, answered.browser)
            checks = Checks()
            checks.require("passkey_person", "the person who was asked", "somebody else", when=kept["user"] == str(user_id))
            made = ceremonies.registered(checks, answered.answer, party, bytes.fromhex(kept["challenge"]))
        try:
            recovery = await self._store(tenant, user_id, party, made, bytes.fromhex(kept["handle"]), name, cause)
        except UniqueTaken:
            raise Conflict("This passkey is registered already. Choose another device.") from None
        return Made(ceremonies.amr_of(synced=made.synced), recovery)

    async def ask(self, tenant: Tenant, party: RelyingParty, browser: str | None, user_id: UUID | None = None) -> Asked | None:
        """`user_id`: of whom; None: of whoever holds the device. None where this person has no passkey for this address."""
        known: list[tuple[bytes, Sequence[str]]] = []
        if user_id is not None:
            known = [(row["credential_id"], row["transports"]) for row in await self._rows(tenant, user_id) if row["rp_id"] == party.id]
            if not known:
                return None
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        payload = {"user": str(user_id) if user_id else None, "challenge": challenge.hex()}
        kept = await self._handles.keep(tenant, PROVING, payload, seconds=WITHIN, browser=browser)
        return Asked(kept, ceremonies.asked_to_prove(party, challenge, known, verified=user_id is None))

    async def prove(
        self, tenant: Tenant, party: RelyingParty, answered: Answered, step: Step, cause: Cause, *, user_id: UUID | None = None
    ) -> Proven:
        """Who holds the key. `user_id`: it has to be theirs; None: whose it is, the key says, and its device has to know them.

        What was asked is spent by it, whatever comes of it. Raises SignInRefused (in the audit log by then), RateLimited.
        """
        noted = _Noted(cause, answered.address, step, user_id)
        async with self._noted(tenant, noted):
            kept = await self._handles.take(tenant, PROVING, answered.handle, answered.browser)
            answer = ceremonies.read(answered.answer)
            async with self._limits.attempt(tenant, name_counted(f"passkey\n{answer.credential_id.hex()}"), answered.address, SignInRefused):
                return await self._proven(tenant, party, answer, kept, step, user_id, noted)

    @repeatable
    async def remove(self, tenant: Tenant, user_id: UUID, id: UUID, cause: Cause) -> None:
        """Raises NotFound where it is not theirs."""
        async with transaction(self._database, tenant, cause) as change:
            await change.connection.execute(HOLD, user_id=user_id)
            if await change.connection.fetchval(REMOVE, id=id, user_id=user_id) is None:
                raise NotFound("There is no such passkey. Reload the page.")
            await keep_factor(change, user_id)
            await forget_if_last(change, user_id)
            await forget_devices(change, user_id)
            await _tell(change, "PasskeyRemoved", user_id, {"passkey": str(id)})

    async def _proven(
        self, tenant: Tenant, party: RelyingParty, answer: Answer, kept: dict[str, str | None], step: Step, user_id: UUID | None, noted: _Noted
    ) -> Proven:
        row = await self._row(tenant, answer.credential_id)
        if row is None:
            raise refused("passkey_known", "a passkey that is registered here", "an unknown one")
        noted.user_id = row["user_id"]
        checks = Checks()
        wanted = kept["user"]
        own = (wanted is None and user_id is None) or wanted == str(user_id) == str(row["user_id"])
        checks.require("passkey_person", "a passkey of the person who was asked", "somebody else's", when=own)
        checks.require("passkey_host", party.id, row["rp_id"], when=row["rp_id"] == party.id)
        checks.require("passkey_active", "somebody who may sign in", row["status"], when=row["status"] == "active")
        if user_id is None:
            handle = answer.credential.response.user_handle
            checks.require("passkey_handle", "a passkey that says whose it is", "one that does not say", when=handle is not None)
        known = Known(row["credential_id"], row["user_handle"], row["public_key"], row["sign_count"])
        challenge = bytes.fromhex(kept["challenge"] or "")
        count = ceremonies.proven(checks, answer, known, party, challenge, verified=user_id is None)
        await self._used(tenant, row, count, step, noted.cause, answer)
        SIGN_INS.labels(MODULE, "signed_in" if step == "sign_in" else step).inc()
        return Proven(row["user_id"], ceremonies.amr_of(synced=row["synced"]))

    @repeatable
    async def _used(self, tenant: Tenant, row: Row, count: int, step: Step, cause: Cause, answer: Answer) -> None:
        async with transaction(self._database, tenant, replace(cause, user_id=row["user_id"])) as change:
            if not await change.connection.execute(USED, id=row["id"], count=count, now=change.now):
                raise refused(ceremonies.COUNTER, "a counter above that of every other answer", str(count))
            details: dict[str, object] = {"passkey": str(row["id"]), "step": step, "verified": answer.authenticator.flags.uv}
            await _tell(change, "PasskeyUsed", row["user_id"], details)

    @repeatable
    async def _store(
        self, tenant: Tenant, user_id: UUID, party: RelyingParty, made: ceremonies.Registered, handle: bytes, name: str, cause: Cause
    ) -> list[str]:
        async with transaction(self._database, tenant, cause) as change:
            if await change.connection.fetchrow(HOLD, user_id=user_id) is None:
                raise NotFound("There is no such person any more.")
            if await change.connection.fetchval(COUNT, user_id=user_id) >= MOST:
                raise Conflict(f"You have {MOST} passkeys. Remove one that you no longer use first.")
            first, id = not await has_factor(change, user_id), new_id()
            await change.connection.execute(
                INSERT,
                id=id,
                user_id=user_id,
                credential_id=made.credential_id,
                user_handle=handle,
                public_key=made.public_key,
                rp_id=party.id,
                sign_count=made.sign_count,
                synced=made.synced,
                transports=list(made.transports),
                name=name,
                now=change.now,
            )
            await forget_devices(change, user_id)
            await _tell(change, "PasskeyAdded", user_id, {"passkey": str(id), "synced": made.synced})
            return await new_codes(change, user_id) if first else []

    async def _rows(self, tenant: Tenant, user_id: UUID) -> list[Row]:
        async with self._database.reading(tenant.place) as connection:
            return list(await connection.fetch(OF_PERSON, user_id=user_id))

    async def _row(self, tenant: Tenant, credential_id: bytes) -> Row | None:
        async with self._database.reading(tenant.place) as connection:
            return await connection.fetchrow(BY_CREDENTIAL, credential_id=credential_id)

    @asynccontextmanager
    async def _noted(self, tenant: Tenant, noted: _Noted) -> AsyncIterator[None]:
        """Whichever check refuses is in the audit log when this raises on."""
        try:
            yield
        except SignInRefused as refusal:
            happened = Happened(REFUSED, MODULE, noted.cause.correlation_id, user_id=noted.user_id, address=_ip(noted.address))
            await self._trail.refusal(tenant, refusal, replace(happened, details={"step": noted.step}))
            raise


async def _tell(change: Transaction, action: str, user_id: UUID, details: dict[str, object]) -> None:
    await tell_in(change, Happened(action, MODULE, change.cause.correlation_id, user_id=user_id, details=details))


def _ip(address: str) -> str | None:
    """Behind a Unix socket there is none."""
    return None if address == "local" else address
