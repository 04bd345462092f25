"""The one actor: it passes a delivery on to the code that decides about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import dramatiq
from dramatiq.asyncio import async_to_sync

from workers.broker import ACTOR, QUEUE, Broker

Deliver = Callable[[UUID, UUID, UUID, str], Awaitable[None]]


def declare(broker: Broker, deliver: Deliver) -> None:
    """Have the broker's messages delivered by `deliver(delivery_id, tenant_id, event_id, handler)`."""

    async def actor(delivery_id: str, tenant_id: str, event_id: str, handler: str) -> None:
        await deliver(UUID(delivery_id), UUID(tenant_id), UUID(event_id), handler)

    dramatiq.Actor(async_to_sync(actor), broker=broker, actor_name=ACTOR, queue_name=QUEUE, priority=0, options={})
