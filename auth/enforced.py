"""Where an organization's people come in through their provider alone: what has to be there for it, and what may not be taken away meanwhile.

Break-glass owners are its spare key for the day on which the provider fails: they still sign in with a password and a second factor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from tenants.errors import Refusal, ValidationFailed
from tenants.sentences import as_sentence, sentence
from tenants.statements import statement
from tenants.transaction import Transaction

ENFORCED, BREAK_GLASS = "policies.signIn.enforced", "policies.signIn.breakGlass"
TESTED = "ConnectionTested"
USED, USED_TIMER = "BreakGlassUsed", "auth.break_glass_used"

# Held, so that what it says and what it forbids become true one after the other.
HELD = statement("SELECT policies -> 'signIn' AS sign_in FROM __tenant__.organization WHERE id = :id FOR SHARE")
READY = statement(
    """
    SELECT u.id FROM __tenant__.users u
    WHERE u.id = ANY(CAST(:ids AS uuid[])) AND u.status = 'active' AND u.role = 'owner'
      AND EXISTS (SELECT FROM __tenant__.credentials c WHERE c.user_id = u.id)
      AND (EXISTS (SELECT FROM __tenant__.authenticators a WHERE a.user_id = u.id AND a.confirmed_at IS NOT NULL)
           OR EXISTS (SELECT FROM __tenant__.passkeys p WHERE p.user_id = u.id))
    ORDER BY u.id FOR SHARE OF u
    """
)
PROVEN_WAY = statement(
    """
    SELECT EXISTS (
      SELECT FROM __tenant__.connections c JOIN __tenant__.sign_in_events e ON e.connection_id = c.id
      WHERE c.enabled AND e.action = 'ConnectionTested'
        AND e.details ->> 'settings' = encode(sha256(convert_to(c.settings::text, 'UTF8')), 'hex'))
    """
)
SETTINGS = statement("SELECT encode(sha256(convert_to(settings::text, 'UTF8')), 'hex') FROM __tenant__.connections WHERE id = :id")
OTHER_WAYS = statement("SELECT EXISTS (SELECT FROM __tenant__.connections WHERE enabled AND id <> :id)")
FACTOR_LEFT = statement(
    """
    SELECT EXISTS (SELECT FROM __tenant__.authenticators WHERE user_id = :user_id AND confirmed_at IS NOT NULL
                   UNION ALL SELECT FROM __tenant__.passkeys WHERE user_id = :user_id)
    """
)
END_OTHER_WAYS = statement(
    """
    UPDATE __tenant__.sessions SET revoked_at = :now
    WHERE revoked_at IS NULL AND connection_id IS NULL AND NOT amr @> ARRAY['client']
      AND NOT (amr @> ARRAY['mfa'] AND user_id = ANY(CAST(:break_glass AS uuid[])))
    """
)


class LastWayIn(Refusal):
    code: ClassVar[str] = "LAST_WAY_IN"

    def __init__(self) -> None:
        super().__init__("Everybody has to sign in through a provider here, and this connection is the last. Stop enforcing that first.")


class BreakGlassNamed(Refusal):
    code: ClassVar[str] = "BREAK_GLASS_NAMED"

    def __init__(self) -> None:
        super().__init__("This person is a break-glass owner, so their role and their second factor stay. Name another in their place first.")


@dataclass(frozen=True, slots=True)
class Held:
    enforced: bool = False
    break_glass: frozenset[UUID] = frozenset()

    @classmethod
    def of(cls, sign_in: dict[str, Any] | None) -> Held:
        """From what the organization keeps below `signIn`."""
        kept = sign_in or {}
        return cls(kept.get("enforced") is True, frozenset(UUID(id) for id in kept.get("breakGlass", ())))


async def check(tx: Transaction, before: Held, after: Held) -> None:
    """What is about to hold can be: call it in the transaction that makes it so. Where it is switched on, all other sessions end.

    Raises ValidationFailed.
    """
    wrong: dict[str, str] = {}
    missing = after.break_glass - before.break_glass
    if after.enforced and not before.enforced:
        missing = after.break_glass
    if missing and (unready := missing - await ready(tx, missing)):
        wrong[BREAK_GLASS] = sentence(
            "takes active owners who have a password and a second factor; {ids} is not one", ids=", ".join(sorted(map(str, unready)))
        )
    if after.enforced and not after.break_glass:
        wrong[BREAK_GLASS] = as_sentence("needs at least one owner while sign-on is enforced, for the day on which the provider fails")
    if after.enforced and not before.enforced and not await tx.connection.fetchval(PROVEN_WAY):
        wrong[ENFORCED] = as_sentence("needs a connection that is switched on, and whose test sign-in passed every check with its settings of today")
    if wrong:
        raise ValidationFailed(wrong)
    if after.enforced and not before.enforced:
        await tx.connection.execute(END_OTHER_WAYS, now=tx.now, break_glass=sorted(after.break_glass))


async def ready(tx: Transaction, ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of them who could be break-glass owners."""
    return frozenset(row["id"] for row in await tx.connection.fetch(READY, ids=sorted(ids)))


async def keep_way_in(tx: Transaction, connection_id: UUID) -> None:
    """A connection is about to be switched off or removed. Raises LastWayIn."""
    if (await _held(tx)).enforced and not await tx.connection.fetchval(OTHER_WAYS, id=connection_id):
        raise LastWayIn


async def keep_person(tx: Transaction, user_id: UUID) -> None:
    """Somebody is about to be suspended, removed or given another role. Raises BreakGlassNamed."""
    if user_id in (await _held(tx)).break_glass:
        raise BreakGlassNamed


async def keep_factor(tx: Transaction, user_id: UUID) -> None:
    """A second factor was removed. Raises BreakGlassNamed where it was the last of somebody who has to have one."""
    if user_id in (await _held(tx)).break_glass and not await tx.connection.fetchval(FACTOR_LEFT, user_id=user_id):
        raise BreakGlassNamed


async def _held(tx: Transaction) -> Held:
    row = await tx.connection.fetchrow(HELD, id=tx.tenant.id)
    return Held.of(row["sign_in"] if row else None)
