"""One connection to one Postgres backend: which role it has, whose tables it has met, how old it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg

from tenants.naming import RoleName, quoted

CLOSE_WITHIN = 2.0

if TYPE_CHECKING:
    Raw = asyncpg.Connection[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a backend is let go, how much it may remember, how long a lock or a statement may take. Times in seconds, caches in statements."""

    tenants: int
    age: float
    statements: int
    session_pooling: bool
    lock: int
    statement: int


@dataclass(slots=True)
class Backend:
    """A place for one connection; the connection in it comes and goes."""

    index: int
    raw: Raw | None = None
    role: RoleName | None = None
    met: set[str] = field(default_factory=set)
    born: float = 0.0

    async def ready(self, url: str, limits: Limits) -> Raw:
        """The open connection, opened first where there is none."""
        if self.raw is None or self.raw.is_closed():
            self.raw = await open_connection(url, limits)
            self.role, self.met = None, set()
            self.born = asyncio.get_running_loop().time()
        return self.raw

    async def take_role(self, role: RoleName | None) -> None:
        """Act as a tenant's role, or rest; costs a round trip only where it differs from the last use."""
        if self.raw is None or role == self.role:
            return
        try:
            await self.raw.execute(f"SET ROLE {quoted(role)}" if role else "RESET ROLE")
        except BaseException:
            self.abandon()  # the server may have switched, or not
            raise
        self.role = role

    def at_rest(self) -> bool:
        """Open, and in no transaction."""
        return self.raw is not None and not self.raw.is_closed() and not self.raw.is_in_transaction()

    def worn_out(self, limits: Limits) -> bool:
        """Backends keep the catalog of every tenant they have met; that memory comes back only with a new one."""
        return len(self.met) > limits.tenants or asyncio.get_running_loop().time() - self.born > limits.age

    async def close(self) -> None:
        raw, self.raw, self.role = self.raw, None, None
        if raw is not None and not raw.is_closed():
            try:
                await raw.close(timeout=CLOSE_WITHIN)
            except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
                raw.terminate()

    def abandon(self) -> None:
        """Drop the connection at once: its state is unknown."""
        if self.raw is not None:
            self.raw.terminate()
        self.raw, self.role = None, None


async def open_connection(url: str, limits: Limits) -> Raw:
    """A connection at rest: no tenant's table can be named without its schema, JSON documents pass as bytes."""
    # A pooler in front takes no startup parameters: there, they are the login role's own (ALTER ROLE … SET).
    rest = _rest(limits) if limits.session_pooling else {}
    raw = await asyncpg.connect(
        url,
        timeout=5,
        command_timeout=60,
        statement_cache_size=limits.statements if limits.session_pooling else 0,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=64 * 1024,
        server_settings=rest,
    )
    # asyncpg turns JIT off around its type lookups with set_config, which an installation may have taken from everybody.
    raw._server_caps = raw._server_caps._replace(jit=False)  # type: ignore[attr-defined] # noqa: SLF001 - there is no public way
    await set_codecs(raw)
    return raw


def _rest(limits: Limits) -> dict[str, str]:
    return {
        "search_path": "pg_catalog",
        "jit": "off",
        "application_name": "imprint",
        "lock_timeout": f"{limits.lock}s",
        "statement_timeout": f"{limits.statement}s",
        "idle_in_transaction_session_timeout": "60s",
    }


async def set_codecs(raw: Raw) -> None:
    """`json` stays bytes, since only finished documents use it; `jsonb` becomes Python values."""
    await raw.set_type_codec("json", schema="pg_catalog", encoder=_same, decoder=_same, format="binary")
    await raw.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode, decoder=json.loads, format="text")


def _same(document: bytes) -> bytes:
    return bytes(document)


def _encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
