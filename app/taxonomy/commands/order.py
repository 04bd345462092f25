"""Putting tags or categories in order one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.taxonomy import policy, store
from auth.principal import Principal
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """Nobody else changes them until this unit of work ends: the first command of one that refiles posts as well."""

    of: Literal["tags", "categories"]


@handles(HoldOrder)
async def hold_order(command: HoldOrder, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    await store.nobody_else_orders(tx, command.of)
    return []
