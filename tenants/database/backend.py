"""One connection to one Postgres backend: which role it has, whose tables it has met, how old it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import asyncpg

from tenants.database.measures import OPENED
from tenants.database.prepared import PreparedStatements
from tenants.naming import RoleName, quoted

CLOSE_WITHIN = 2.0
# What a backend keeps, in MB, within a tenth of what was measured (private memory on Postgres 18): 0.6 for a tenant with one
# read of four tables, 1.3 for one with sixteen statements on fifteen tables, 3.7 for one with sixty joins of two tables.
MB_A_TENANT, MB_A_STATEMENT = 0.5, 0.05

if TYPE_CHECKING:
    Raw = asyncpg.Connection[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a backend is let go, how much it may remember, how long a lock or a statement may take.

    Times in seconds, caches in statements, memory in MB.
    """

    tenants: int
    memory: int
    age: float
    statements: int
    session_pooling: bool
    lock: int
    statement: int


class Doubt(Enum):
    """Whichever role a backend has: one was asked for, and undone with what failed after it."""

    ROLE = "whichever role"


@dataclass(slots=True)
class Backend:
    """A place for one connection; the connection in it comes and goes."""

    index: int
    raw: Raw | None = None
    role: RoleName | Doubt | None = None
    met: set[str] = field(default_factory=set)
    outdated: set[str] = field(default_factory=set)
    prepared: PreparedStatements | None = None
    born: float = 0.0

    async def ready(self, url: str, limits: Limits) -> Raw:
        """The open connection, opened first where there is none."""
        if self.raw is None or self.raw.is_closed():
            self.raw = await open_connection(url, limits)
            self.role, self.met, self.outdated = None, set(), set()
            self.prepared = PreparedStatements.of(self.raw)
            self.born = asyncio.get_running_loop().time()
        return self.raw

    def to_act_as(self, role: RoleName | None) -> str | None:
        """The statement that makes it act as a tenant's role (None: as the login role), where it does not already."""
        if role == self.role:
            return None
        return f"SET ROLE {quoted(role)}" if role else "RESET ROLE"

    def at_rest(self) -> bool:
        """Open, and in no transaction."""
        return self.raw is not None and not self.raw.is_closed() and not self.raw.is_in_transaction()

    def worn_out(self, limits: Limits) -> str | None:
        """Why it should be let go. Backends keep the catalog of every tenant they have met; that memory comes back only with a new one.

        It cannot be asked for by a role without rights over the whole server, so it is estimated from what the backend was given to do.
        """
        if len(self.met) > limits.tenants:
            return "tenants"
        if self.prepared is not None and len(self.met) * MB_A_TENANT + self.prepared.ever * MB_A_STATEMENT > limits.memory:
            return "memory"
        return "age" if asyncio.get_running_loop().time() - self.born > limits.age else None

    def forget_outdated(self) -> None:
        """Drop the prepared statements that name schemas whose revision has changed."""
        if self.prepared is not None:
            self.prepared.forget([quoted(schema) for schema in self.outdated])
        self.outdated.clear()

    async def close(self) -> None:
        raw, self.raw, self.role, self.met = self.raw, None, None, set()
        if raw is not None and not raw.is_closed():
            try:
                await raw.close(timeout=CLOSE_WITHIN)
            except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
                raw.terminate()

    def abandon(self) -> None:
        """Drop the connection at once: its state is unknown."""
        if self.raw is not None:
            self.raw.terminate()
        self.raw, self.role, self.met = None, None, set()


async def open_connection(url: str, limits: Limits) -> Raw:
    """A connection at rest: no tenant's table can be named without its schema, JSON documents pass as bytes."""
    # A pooler in front takes no startup parameters: there, every transaction sets them for itself.
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
    OPENED.inc()
    # asyncpg turns JIT off around its type lookups with set_config, which an installation may have taken from everybody.
    raw._server_caps = raw._server_caps._replace(jit=False)  # type: ignore[attr-defined] # noqa: SLF001 - there is no public way
    if limits.session_pooling:
        await set_codecs(raw)
    else:  # a pooler keeps a server's connection for us only as long as a transaction lasts
        await raw.execute("BEGIN")
        await set_codecs(raw)
        await raw.execute("COMMIT")
    return raw


def rest_locally(limits: Limits) -> list[str]:
    """The settings of a connection at rest for one transaction, where a pooler lets them last no longer."""
    return [f"SET LOCAL {name} = '{value}'" for name, value in _rest(limits).items()]


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
    await raw.set_type_codec("jsonb", schema="pg_catalog", encoder=encoded, decoder=json.loads, format="text")


def _same(document: bytes) -> bytes:
    return bytes(document)


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encoded(value: Any) -> str:
    """As `jsonb` takes it."""
    return _COMPACT.encode(value)
