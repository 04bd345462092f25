"""Erasing somebody: their key, and with it everything that was ever written about who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.erasing import ERASING
from app.users import policy, store
from app.users.commands.people import OfPerson, others_stay, touched
from auth import endings
from auth.principal import Principal
from tenants.errors import ValidationFailed
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class EraseUser(OfPerson):
    """There is no way back; whoever does it names the person by username."""

    confirm: str = ""


@dataclass(frozen=True, slots=True)
class EraseAgain:
    """Somebody who was erased, and has come back in a copy made before that."""

    user_id: UUID


@handles(EraseUser)
async def erase_user(command: EraseUser, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.signed_in_or_system(who)
    others = await others_stay(command.user_id, tx)
    loaded = await touched(command, who, tx, own=True)
    if loaded.person is None:
        return [loaded.user]
    if command.confirm.strip().lower() != loaded.person.profile.username:
        raise ValidationFailed({"confirm": "takes the username of the person who is erased for ever"})
    loaded.user.erase(others=others)
    await _erase(loaded, tx)
    return [loaded.user]


@handles(EraseAgain)
async def erase_again(command: EraseAgain, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Whoever owns the organization: it was decided when there was another owner."""
    policy.system_only(who)
    loaded = await store.load(tx, command.user_id)
    if loaded.person is None:
        return [loaded.user]
    loaded.user.erase(others=1)
    await _erase(loaded, tx)
    return [loaded.user]


async def _erase(loaded: store.Loaded, tx: Transaction) -> None:
    await store.erase(tx, loaded)
    await endings.forget(tx, loaded.user.id)
    for statement in ERASING.values():
        await tx.connection.execute(statement, user_id=loaded.user.id)
