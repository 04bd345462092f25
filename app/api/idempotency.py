"""Mutations that may be sent again: what was done under a key is answered again, and not done again.

The header follows the IETF's draft "The Idempotency-Key HTTP Header Field". A key belongs to one person (all who are not
signed in count as one) and to one field of the operation. It is remembered in the transaction that does the work, for a
day at least; what was refused leaves no trace, so it may be tried again under the same key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.api.errors import invalid
from app.api.mutations.binding import Done
from app.shared.encoding import as_json, from_json
from tenants.errors import Refusal
from tenants.events import canonical
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection
    from tenants.transaction import Transaction

LONGEST = 200
FIELD = "idempotencyKey"
HEADER = "Idempotency-Key"
_WRONG = f"takes 1 to {LONGEST} visible ASCII characters, such as a UUID"

# Whoever comes second waits here until the first has committed or failed.
CLAIM = statement("INSERT INTO __tenant__.idempotency_keys (hash, request, created_at) VALUES (:hash, :request, :now) ON CONFLICT (hash) DO NOTHING")
REMEMBER = statement("UPDATE __tenant__.idempotency_keys SET outcome = CAST(:outcome AS jsonb) WHERE hash = :hash")
RECALL = statement("SELECT request, outcome FROM __tenant__.idempotency_keys WHERE hash = :hash")
FORGET = statement(
    "DELETE FROM __tenant__.idempotency_keys WHERE hash IN "
    "(SELECT hash FROM __tenant__.idempotency_keys WHERE created_at < now() - interval '1 day' LIMIT :rows)"
)


class KeyReused(Refusal):
    """The key stands for another request, which was done."""

    code = "IDEMPOTENCY_KEY_REUSED"


@dataclass(frozen=True, slots=True)
class Key:
    hash: bytes
    request: bytes


def key_of(text: str | None, who: UUID | None, place: str, field: str, given: Mapping[str, Any]) -> Key | None:
    """`text`: of the header, for every mutation in the request; a key in the field's own input comes before it. `place`: its response key.

    Raises ValidationFailed.
    """
    own = given.get(FIELD)
    if own is None and text is None:
        return None
    name, key = (HEADER, _unquoted(text)) if own is None else (FIELD, own)
    if key is None or not 1 <= len(key) <= LONGEST or not all("!" <= character <= "~" for character in key):
        raise invalid(name, _WRONG)
    asked = {name: as_json(value) for name, value in given.items() if name != FIELD}
    return Key(_hash([str(who), name, key, place if own is None else ""]), _hash([field, asked]))


async def once(tx: Transaction, key: Key, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do the work, or say what came of it when it was done. Raises KeyReused."""
    if await tx.connection.execute(CLAIM, hash=key.hash, request=key.request, now=tx.now):
        done = await work()
        await tx.connection.execute(REMEMBER, hash=key.hash, outcome=as_json(done))
        return done
    known = await recall(tx, key)
    if known is None:
        raise _reused()
    return known


async def recall(tx: Transaction, key: Key) -> Done | None:
    """What came of it when it was done; None where it was not. Raises KeyReused."""
    known = await tx.connection.fetchrow(RECALL, hash=key.hash)
    if known is None:
        return None
    if known["request"] != key.request:
        raise _reused()
    recalled: Done = from_json(Done, known["outcome"])
    return recalled


def _reused() -> KeyReused:
    return KeyReused("This idempotency key was used for another request; give every request a key of its own.")


async def forget_old(connection: Connection, rows: int) -> int:
    """Delete, as the tenant, up to `rows` keys that are older than a day; returns how many."""
    return await connection.execute(FORGET, rows=rows)


def _unquoted(text: str | None) -> str | None:
    """The draft has the key as a string in quotes; many clients send it without."""
    return text[1:-1] if text is not None and len(text) > 1 and text[0] == text[-1] == '"' else text


def _hash(value: Any) -> bytes:
    return hashlib.sha256(canonical(value)).digest()
