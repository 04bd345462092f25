"""How each sign-in went, in the organization's audit log: which check failed, what was expected and what was found."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from auth.measures import SIGN_INS
from auth.sso.checks import SignInRefused
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.sentences import restored
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

# Crockford's base 32: nothing in it is read as something else (https://www.crockford.com/base32.html).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SIGNED_IN, REFUSED = "SignedIn", "SignInRefused"
INSERT = statement(
    """
    INSERT INTO __tenant__.sign_in_events (id, at, action, trace, module, connection_id, user_id, details, address, correlation_id)
    SELECT :id, :at, :action, :trace, :module, CAST(:connection_id AS uuid),
           (SELECT u.id FROM __tenant__.users u WHERE u.id = CAST(:user_id AS uuid)), CAST(:details AS jsonb), CAST(:address AS inet), :correlation_id
    """
)

RECENT = statement(
    """
    SELECT at, action, trace, module, details, user_id FROM __tenant__.sign_in_events
    WHERE action = 'SignInRefused' AND (CAST(:trace AS text) IS NULL OR trace = :trace) ORDER BY at DESC, id DESC LIMIT :most
    """
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Happened:
    """`details` holds nothing personal; `address` is an IP address or None."""

    action: str
    module: str
    correlation_id: UUID
    connection_id: UUID | None = None
    user_id: UUID | None = None
    address: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A sign-in that was refused, as its administrator reads it."""

    at: datetime
    trace: str
    module: str
    connection: str
    check: str
    expected: str
    found: str


class Trail:
    def __init__(self, database: Database) -> None:
        self._database = database

    @repeatable
    async def tell(self, tenant: Tenant, happened: Happened) -> str:
        """Write it down; the short number under which it is found."""
        async with transaction(self._database, tenant, Cause(happened.correlation_id)) as change:
            return await tell_in(change, happened)

    async def refusals(self, tenant: Tenant, *, trace: str | None = None, most: int = 20) -> list[Refused]:
        """The newest first; with `trace` the one of this number, however it was typed."""
        async with self._database.reading(tenant.place) as connection:
            rows = await connection.fetch(RECENT, trace=typed_trace(trace) if trace else None, most=most)
        return [_refused(row) for row in rows]

    async def refusal(self, tenant: Tenant, refusal: SignInRefused, happened: Happened) -> None:
        """Write down which check failed, and give the refusal the number that its page shows."""
        words = refusal.check.document()
        check = {"name": refusal.check.name, "expected": str(refusal.check.expected), "found": str(refusal.check.found)}
        said = {name: words[name] for name in ("expected", "found") if words[name] != check[name]}
        SIGN_INS.labels(happened.module, "refused").inc()
        log.info("sign-in", tenant=tenant.slug, module=happened.module, result="refused", check=refusal.check.name)
        refusal.trace = await self.tell(
            tenant,
            Happened(
                REFUSED,
                happened.module,
                happened.correlation_id,
                happened.connection_id,
                happened.user_id,
                happened.address,
                {**happened.details, **check, **({"words": said} if said else {})},
            ),
        )


async def tell_in(change: Transaction, happened: Happened) -> str:
    """The same within a transaction that does more."""
    trace = new_trace()
    await change.connection.execute(
        INSERT,
        id=new_id(),
        at=change.now,
        action=happened.action,
        trace=trace,
        module=happened.module,
        connection_id=happened.connection_id,
        user_id=happened.user_id,
        details=happened.details,
        address=happened.address,
        correlation_id=happened.correlation_id,
    )
    return trace


def _refused(row: Row) -> Refused:
    details = row["details"]
    words = {"expected": "", "found": ""} | details | details.get("words", {})
    connection, check = str(details.get("connection", "")), str(details.get("name", ""))
    return Refused(row["at"], row["trace"], row["module"], connection, check, restored(words["expected"]), restored(words["found"]))


def typed_trace(text: str) -> str:
    """A number as somebody read it from their screen: case, hyphens and spaces do not matter, nor do letters that look like digits."""
    plain = text.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))[:8]
    return f"{plain[:4]}-{plain[4:]}"


def new_trace() -> str:
    """Forty random bits that can be read out on the telephone, e.g. K7QF-29TD."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{text[:4]}-{text[4:]}"
