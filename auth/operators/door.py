"""How operators come in: address, password and code in one step, so that there is no step behind the first to begin at."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from auth.backoff import PER_ADDRESS, PER_NAME
from auth.errors import LinkSpent
from auth.factors.codes import address_of, new_secret, step_of
from auth.ledgers import Ledger
from auth.limits import name_counted, refuse
from auth.opaque import LONGEST, digest, new_opaque
from auth.operators.accounts import secret_context
from auth.operators.audit import NOBODY, note
from auth.passwords import Passwords, check_new_password
from tenants.database import repeatable
from tenants.errors import RetryLater, Unauthenticated, ValidationFailed
from tenants.secrets import Undecipherable
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database, Row
    from tenants.secrets import Keyring

ISSUER = "Imprint operators"
SHORTEST_PASSWORD = 12
LONGEST_SESSION, LONGEST_IDLE = timedelta(hours=12), timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)
OFFERED_FOR = 3600

BY_EMAIL = statement("SELECT id, email, password_hash, secret, last_step FROM control.operators WHERE email = :email AND link_hash IS NULL")
BY_LINK = statement("SELECT id, email, link_hash FROM control.operators WHERE link_hash = :hash AND link_until > now()")
ENROL = statement(
    "UPDATE control.operators SET password_hash = :password_hash, secret = :secret, last_step = :step, last_at = now(), "
    "link_hash = NULL, link_until = NULL "
    "WHERE id = :id AND link_hash = :hash AND link_until > now()"
)
TAKE = statement("UPDATE control.operators SET last_step = :step, last_at = now() WHERE id = :id AND last_step < :step AND link_hash IS NULL")
OPEN = statement(
    "INSERT INTO control.operator_sessions (hash, operator_id, created_at, last_seen_at, expires_at) "
    "VALUES (:hash, :operator_id, now(), now(), now() + CAST(:lifetime AS interval))"
)
OVER = statement("DELETE FROM control.operator_sessions WHERE expires_at <= now() OR last_seen_at <= now() - CAST(:idle AS interval)")
LIVE = statement(
    "SELECT o.id, o.email, now() - s.last_seen_at AS unseen FROM control.operator_sessions s JOIN control.operators o ON o.id = s.operator_id "
    "WHERE s.hash = :hash AND s.expires_at > now() AND s.last_seen_at > now() - CAST(:idle AS interval)"
)
SEEN = statement("UPDATE control.operator_sessions SET last_seen_at = now() WHERE hash = :hash")
END = statement("DELETE FROM control.operator_sessions WHERE hash = :hash")


class NotLetIn(Unauthenticated):
    """One answer, whichever of the three was wrong."""

    code = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("That address, password and code do not belong together. Wait for the authenticator's next code, then try again.")


@dataclass(frozen=True, slots=True)
class Operator:
    id: UUID
    email: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What somebody who follows their link sees: `address` is what an authenticator reads from a picture (otpauth://).

    `offered`: the secret, sealed, as the form brings it back. It is nowhere else until its code was typed, so whoever
    opened the link before or after has seen another one.
    """

    operator: Operator
    secret: str
    address: str
    offered: str


@dataclass(frozen=True, slots=True)
class Tried:
    """`address`: of the client, as far as the connection tells."""

    email: str
    password: str
    code: str
    address: str


class Door:
    def __init__(self, database: Database, keyring: Keyring, passwords: Passwords, ledger: Ledger, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._keyring = keyring
        self._passwords = passwords
        self._ledger = ledger
        self._clock = clock

    async def enrolment(self, link: str, offered: str = "") -> Enrolment:
        """With a secret that nobody has seen; `offered`: with this one, while it is good. Raises LinkSpent."""
        row = await self._linked(link)
        secret = self._offer(row, offered)
        if secret is None:
            secret = new_secret()
            offered = self._keyring.encrypt(json.dumps([secret, self._clock() + OFFERED_FOR]).encode(), _offer_context(row)).hex()
        return Enrolment(Operator(row["id"], row["email"]), secret, address_of(secret, issuer=ISSUER, account=row["email"]), offered)

    async def enrol(self, link: str, offered: str, password: str, code: str, address: str) -> str:
        """Choose a password and show that the authenticator works; the value of their first session's cookie.

        `offered`: as their page had it. Raises LinkSpent, ValidationFailed, RateLimited or Busy.
        """
        row = await self._linked(link)
        check_new_password(password, shortest=SHORTEST_PASSWORD, own=(row["email"], "imprint"))
        name = await self._entered(f"link\n{link}", address)
        secret = self._offer(row, offered)
        if secret is None:
            raise ValidationFailed({"code": "is for a secret that is too old; remove it from the authenticator, and scan the one above"})
        step = step_of(secret, code.replace(" ", ""), self._clock(), 0)
        if step is None:
            await self._failed(address)
            raise ValidationFailed({"code": "is not the one that the authenticator shows; wait for the next, and look at the telephone's clock"})
        await self._ledger.clear(name)
        sealed = self._keyring.encrypt(secret.encode(), secret_context(row["id"]))
        return await self._enrolled(row, await self._passwords.hash(password), sealed, step, address)

    async def sign_in(self, tried: Tried, *, brought: str | None = None) -> str:
        """The value of the session's cookie; the session that the browser brought ends. Raises NotLetIn, RateLimited or Busy.

        Nobody's address costs what an operator's costs, and so does a wrong password what a wrong code does.
        """
        name = await self._entered(tried.email.strip().lower(), tried.address)
        row = await self._by_email(tried.email)
        try:
            matched = await self._passwords.verify(row["password_hash"] if row else None, tried.password)
        except RetryLater:
            await self._ledger.refund(name)
            raise
        step = step_of(self._secret(row) if row else new_secret(), tried.code.replace(" ", ""), self._clock(), row["last_step"] if row else 0)
        session = await self._opened(row, step, tried.address, brought) if row and matched and step is not None else None
        if session is None:
            await self._failed(tried.address)
            await self._refused(row, tried.address, "unknown" if row is None else "code" if matched else "password")
            raise NotLetIn
        await self._ledger.clear(name)
        return session

    @repeatable
    async def operator(self, session: str | None) -> Operator | None:
        """Whose session this is, if it is neither over nor was idle for too long."""
        if not session or len(session) > LONGEST:
            return None
        async with self._database.control() as connection:
            row = await connection.fetchrow(LIVE, hash=digest(session), idle=LONGEST_IDLE)
            if row is not None and row["unseen"] > SEEN_EVERY:
                await connection.execute(SEEN, hash=digest(session))
        return Operator(row["id"], row["email"]) if row else None

    @repeatable
    async def sign_out(self, session: str, operator: Operator) -> None:
        async with self._database.writing(None) as connection:
            if await connection.execute(END, hash=digest(session)):
                await note(connection, operator.email, "operator.signed_out")

    async def _linked(self, link: str) -> Row:
        if len(link) <= LONGEST:
            async with self._database.control() as connection:
                row = await connection.fetchrow(BY_LINK, hash=digest(link))
            if row is not None:
                return row
        raise LinkSpent

    async def _by_email(self, email: str) -> Row | None:
        if "\0" in email:
            return None
        async with self._database.control() as connection:
            return await connection.fetchrow(BY_EMAIL, email=email.strip().lower())

    @repeatable
    async def _enrolled(self, row: Row, hashed: str, sealed: bytes, step: int, address: str) -> str:
        session = new_opaque()
        async with self._database.writing(None) as connection:
            if not await connection.execute(ENROL, id=row["id"], hash=row["link_hash"], password_hash=hashed, secret=sealed, step=step):
                raise LinkSpent
            await connection.execute(OPEN, hash=digest(session), operator_id=row["id"], lifetime=LONGEST_SESSION)
            await note(connection, row["email"], "operator.enrolled", address=address)
        return session

    @repeatable
    async def _opened(self, row: Row, step: int, address: str, brought: str | None) -> str | None:
        """None where the code was taken at this moment by somebody else."""
        session = new_opaque()
        async with self._database.writing(None) as connection:
            if not await connection.execute(TAKE, id=row["id"], step=step):
                return None
            await connection.execute(OVER, idle=LONGEST_IDLE)
            if brought:
                await connection.execute(END, hash=digest(brought))
            await connection.execute(OPEN, hash=digest(session), operator_id=row["id"], lifetime=LONGEST_SESSION)
            await note(connection, row["email"], "operator.signed_in", address=address)
        return session

    @repeatable
    async def _refused(self, row: Row | None, address: str, check: str) -> None:
        async with self._database.writing(None) as connection:
            await note(connection, row["email"] if row else NOBODY, "operator.refused", check=check, address=address)

    async def _entered(self, name: str, address: str) -> str:
        """Five tries, then waits that double, by name and by address. Raises RateLimited."""
        for_address, for_name = await self._ledger.charge_behind(_key("address", address), _key("name", name), PER_NAME)
        refuse(for_address, "operators_address")
        refuse(for_name, "operators_name")
        return _key("name", name)

    async def _failed(self, address: str) -> None:
        await self._ledger.charge(_key("address", address), PER_ADDRESS)

    def _offer(self, row: Row, offered: str) -> str | None:
        """The secret, where it was offered to whoever has this link, and not too long ago."""
        try:
            secret, until = json.loads(self._keyring.decrypt(bytes.fromhex(offered), _offer_context(row)))
        except (Undecipherable, ValueError):
            return None
        return str(secret) if self._clock() < until else None

    def _secret(self, row: Row) -> str:
        return self._keyring.decrypt(row["secret"], secret_context(row["id"])).decode()


def _offer_context(row: Row) -> bytes:
    return b"operator-offer:" + secret_context(row["id"]) + bytes(row["link_hash"])


def _key(kind: str, value: str) -> str:
    return f"imprint:operators:{kind}:{name_counted(value)}"
