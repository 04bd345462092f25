"""Taking messages from Redis without being thrown by one that nobody can read."""

from __future__ import annotations

import time
from typing import Any

import redis
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import compute_backoff
from dramatiq.errors import ConnectionClosed, DecodeError
from dramatiq.message import Message

log = structlog.get_logger(__name__)


class ForgivingConsumer(_RedisConsumer):
    """Sets undecodable messages aside one by one, and does not wait for Redis to take an acknowledgement.

    Dramatiq's own drops the whole batch that such a message came with and starts anew after seconds.
    """

    broker: RedisBroker
    queue_name: str
    prefetch: int
    timeout: int
    misses: int
    message_cache: list[bytes | None]
    queued_message_ids: set[str]

    def __next__(self) -> MessageProxy | None:
        """The next message, or None after a pause that grows up to `timeout` milliseconds while there is none."""
        try:
            while self.message_cache or self._fetched():
                data = self.message_cache.pop(0)
                message = _decoded(data) if data is not None else None
                if message is not None:
                    self.queued_message_ids.add(message.message_id)
                    return MessageProxy(message)
                if data is not None:
                    self._set_aside(data)
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call] # Dramatiq does not annotate it
        self.misses, pause = compute_backoff(self.misses, max_backoff=self.timeout)
        time.sleep(pause / 1000)
        return None

    def ack(self, message: MessageProxy) -> None:
        self._acknowledge(super().ack, message)

    def nack(self, message: MessageProxy) -> None:
        self._acknowledge(super().nack, message)

    @staticmethod
    def _acknowledge(tell: Any, message: MessageProxy) -> None:
        try:
            tell(message)
        except (ConnectionClosed, redis.RedisError) as error:
            log.warning("acknowledgement lost", message_id=message.message_id, reason=str(error))

    def _fetched(self) -> bool:
        room = self.prefetch - self.outstanding_message_count
        if room > 0:
            self.message_cache = self.broker.do_fetch(self.queue_name, room)
        if self.message_cache:
            self.misses = 0
        return bool(self.message_cache)

    def _set_aside(self, data: bytes) -> None:
        """Move it to the dead letters. Its id stands only beside it in Redis, so it is found by its content."""
        log.error("undecodable message set aside", queue=self.queue_name, size=len(data), beginning=repr(data[:80]))
        namespace, client = self.broker.namespace, self.broker.client
        for message_id in client.smembers(f"{namespace}:__acks__.{self.broker.broker_id}.{self.queue_name}"):
            if client.hget(f"{namespace}:{self.queue_name}.msgs", message_id) == data:
                self.broker.do_nack(self.queue_name, message_id)
                return


_SHAPE = (("message_id", str), ("queue_name", str), ("actor_name", str), ("kwargs", dict), ("options", dict))


def _decoded(data: bytes) -> Message[Any] | None:
    """None for what was never one of our messages, however much of it can be read."""
    try:
        message: Message[Any] = Message.decode(data)
    except DecodeError:
        return None
    fields = message.asdict()
    if not all(isinstance(fields[name], kind) for name, kind in _SHAPE):
        return None
    return message if isinstance(message.options.get("redis_message_id"), str) else None
