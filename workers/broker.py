"""Dramatiq over Redis, reduced to what it is good at: handing thin messages to idle workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, Middleware

from workers.consumer import ForgivingConsumer

if TYPE_CHECKING:
    from dramatiq.broker import MessageProxy

QUEUE = "deliveries"
ACTOR = "deliver"
NAMESPACE = "imprint:dramatiq"

log = structlog.get_logger(__name__)


class SetAside(Middleware):
    """A message whose actor raised goes to the dead letters: whether to try again is decided in Postgres, not here."""

    def after_process_message(
        self,
        _broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,  # noqa: ARG002 - Dramatiq's signature
        exception: BaseException | None = None,
    ) -> None:
        if exception is not None:
            log.error("message set aside", message_id=message.message_id, actor=message.actor_name, error=repr(exception))
            message.fail()


class Broker(RedisBroker):
    """Knows no delays and no retries: neither survives what Redis may do."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, health_check_interval=30)
        super().__init__(client=client, namespace=NAMESPACE, middleware=[AsyncIO(), SetAside()])  # type: ignore[no-untyped-call] # Dramatiq does not annotate it
        self.declare_queue(QUEUE)

    @property
    def consumer_class(self) -> type[ForgivingConsumer]:
        return ForgivingConsumer

    def declare_queue(self, queue_name: str) -> None:
        """As Dramatiq's, without the queue of delayed messages, which would only be polled in vain."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def publish(self, delivery: UUID, tenant: UUID, event: UUID, handler: str) -> None:
        """Raises redis.RedisError where Redis does not answer."""
        values = {"delivery_id": str(delivery), "tenant_id": str(tenant), "event_id": str(event), "handler": handler}
        self.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(), kwargs=values, options={}))

    def waiting(self) -> int:
        """How many messages no worker has taken yet. Raises redis.RedisError."""
        return int(self.client.llen(f"{NAMESPACE}:{QUEUE}"))

    def close(self) -> None:
        super().close()
        self.client.close()
