"""The keys that sign access tokens: ES256 (RFC 7518, 3.4), shared by all processes, private parts encrypted at rest."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from joserfc.jwk import ECKey

from tenants.database import repeatable
from tenants.errors import NotFound, RetryLater
from tenants.secrets import Keyring, Undecipherable
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection, Database, Row

ALGORITHM = "ES256"
REREAD_AFTER = 4.0
ASK_AGAIN_AFTER = 1.0
_LOCK = 7_310_482_215

log = structlog.get_logger(__name__)

ALL = statement(
    "SELECT kid, private_key, public_jwk, created_at, signs_from, retired_at, now() AS now FROM control.signing_keys ORDER BY signs_from, kid"
)
INSERT = statement(
    "INSERT INTO control.signing_keys (kid, algorithm, private_key, public_jwk, signs_from) "
    "VALUES (:kid, :algorithm, :private_key, CAST(:public_jwk AS jsonb), :signs_from)"
)
REWRAP = statement("UPDATE control.signing_keys SET private_key = :private_key WHERE kid = :kid AND private_key = :was")
RETIRE = statement("UPDATE control.signing_keys SET retired_at = :now WHERE kid = :kid AND retired_at IS NULL")
LOCK = statement("SELECT pg_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """One key pair. It may verify from the moment it exists until it is retired, and sign from `signs_from` on."""

    kid: str
    key: ECKey
    public: dict[str, Any]
    created_at: datetime
    signs_from: datetime
    retired_at: datetime | None


def choose_signer(keys: list[SigningKey], now: datetime) -> SigningKey | None:
    """The newest key that may sign already; failing that, the one that may soonest: better than none at all."""
    standing = [key for key in keys if key.retired_at is None]
    started = [key for key in standing if key.signs_from <= now]
    if started:
        return max(started, key=lambda key: (key.signs_from, key.kid))
    return min(standing, key=lambda key: (key.signs_from, key.kid), default=None)


class SigningKeys:
    """All keys of the installation, kept for a few seconds, so that retiring one works everywhere at once.

    `overlap`: seconds between a new key's appearance in the JWKS and its first signature.
    """

    def __init__(self, database: Database, keyring: Keyring, *, overlap: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._keyring = keyring
        self._overlap = timedelta(seconds=overlap)
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._skew = timedelta()
        self._read_at: float | None = None
        self._rests_until = -math.inf
        self._reading = asyncio.Lock()

    async def signer(self) -> SigningKey:
        """The key to sign with now; the first is made when it is first needed."""
        await self._fresh(REREAD_AFTER)
        chosen = choose_signer(list(self._keys.values()), self._now())
        if chosen is None:
            await self._add_first()
            chosen = choose_signer(list(self._keys.values()), self._now())
        if chosen is None:
            raise RuntimeError("a signing key was made and is not there")
        return chosen

    async def verifier(self, kid: str) -> SigningKey | None:
        """The key of this id, unless it is unknown or retired. Unknown ids cause at most one read a second."""
        await self._fresh(REREAD_AFTER)
        if kid not in self._keys:
            await self._fresh(ASK_AGAIN_AFTER)
        key = self._keys.get(kid)
        return key if key is not None and key.retired_at is None else None

    async def public_set(self) -> dict[str, list[dict[str, Any]]]:
        """The JWK Set (RFC 7517, 5) of every key that is not retired, those to come included."""
        await self.signer()
        return {"keys": [key.public for key in self._keys.values() if key.retired_at is None]}

    async def all(self) -> list[SigningKey]:
        """Every key, retired ones included, in the order in which they sign."""
        await self._fresh(0)
        return list(self._keys.values())

    @repeatable
    async def rotate(self) -> str:
        """Make a key that will sign once everybody who verifies has had the time to see it. Returns its kid."""
        async with self._database.writing(None) as connection:
            keys = await self._locked(connection)
            starts = self._now() + (self._overlap if choose_signer(keys, self._now()) else timedelta())
            kid = await self._insert(connection, starts)
        await self._fresh(0)
        return kid

    @repeatable
    async def retire(self, kid: str) -> None:
        """Let no process trust what this key signed, within seconds. Raises NotFound."""
        async with self._database.writing(None) as connection:
            keys = await self._locked(connection)
            if not await connection.execute(RETIRE, kid=kid, now=self._now()):
                raise NotFound(f"No signing key {kid!r} is in use; `imprint keys list` shows those that are.")
            if not any(key.kid != kid and key.retired_at is None for key in keys):
                await self._insert(connection, self._now())
        await self._fresh(0)

    async def outdated(self) -> list[str]:
        """The keys, by kid, whose private parts are not under the installation's first key. Raises Undecipherable."""
        async with self._database.control() as connection:
            rows = await connection.fetch(ALL)
        return [row["kid"] for row in rows if self._keyring.resealed(row["private_key"], _context(row["kid"]))]

    @repeatable
    async def rewrap(self) -> int:
        """Bring all private parts, those of retired keys too, under the installation's first key. Returns how many were not.

        Raises Undecipherable.
        """
        changed = 0
        async with self._database.writing(None) as connection:
            await connection.execute(LOCK, key=_LOCK)
            for row in await connection.fetch(ALL):
                private = self._keyring.resealed(row["private_key"], _context(row["kid"]))
                if private is not None:
                    changed += await connection.execute(REWRAP, kid=row["kid"], private_key=private, was=row["private_key"])
        return changed

    @repeatable
    async def _add_first(self) -> None:
        async with self._database.writing(None) as connection:
            if choose_signer(await self._locked(connection), self._now()) is None:
                await self._insert(connection, self._now())
        await self._fresh(0)

    async def _locked(self, connection: Connection) -> list[SigningKey]:
        """All keys, in a transaction in which nobody else changes them."""
        await connection.execute(LOCK, key=_LOCK)
        return self._loaded(await connection.fetch(ALL))

    async def _insert(self, connection: Connection, signs_from: datetime) -> str:
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        kid = str(key.kid)
        private = json.dumps(key.as_dict(private=True)).encode()
        await connection.execute(
            INSERT,
            kid=kid,
            algorithm=ALGORITHM,
            private_key=self._keyring.encrypt(private, _context(kid)),
            public_jwk=dict(key.as_dict(private=False)),
            signs_from=signs_from,
        )
        return kid

    async def _fresh(self, oldest: float) -> None:
        """Read the keys again if what is known is older than this (seconds); whoever asks meanwhile waits for the answer.

        Where they cannot be read, those that are known stand for a few seconds more.
        """
        if self._stands(oldest):
            return
        async with self._reading:
            if self._stands(oldest):
                return
            try:
                await self._read()
            except (RetryLater, Undecipherable) as error:
                if not self._keys or not oldest:
                    raise
                self._rests_until = self._clock() + REREAD_AFTER
                log.warning("signing keys not read again; those that are known stand", reason=str(error))

    def _stands(self, oldest: float) -> bool:
        """Whether what is known need not be read again; never where somebody asks for what is there this moment (0)."""
        now = self._clock()
        return oldest > 0 and self._read_at is not None and (now - self._read_at < oldest or now < self._rests_until)

    async def _read(self) -> None:
        began = self._clock()
        async with self._database.control() as connection:
            rows = await connection.fetch(ALL)
        self._keys = {key.kid: key for key in self._loaded(rows)}
        self._skew = rows[0]["now"] - datetime.now(UTC) if rows else timedelta()
        self._read_at = began  # last: who finds it set takes the keys for read

    def _loaded(self, rows: list[Row]) -> list[SigningKey]:
        return [self._keys[row["kid"]] if self._unchanged(row) else self._opened(row) for row in rows]

    def _unchanged(self, row: Row) -> bool:
        known = self._keys.get(row["kid"])
        return known is not None and (known.signs_from, known.retired_at) == (row["signs_from"], row["retired_at"])

    def _opened(self, row: Row) -> SigningKey:
        private = json.loads(self._keyring.decrypt(row["private_key"], _context(row["kid"])))
        key = ECKey.import_key(private)
        return SigningKey(row["kid"], key, row["public_jwk"], row["created_at"], row["signs_from"], row["retired_at"])

    def _now(self) -> datetime:
        """The database's clock, as far as it was heard."""
        return datetime.now(UTC) + self._skew


def _context(kid: str) -> bytes:
    return b"signing-key:" + kid.encode()
