"""The console's own event loop, in a thread that begins with the first page that somebody asks for."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import AsyncExitStack

from redis.asyncio import Redis

from auth.ledgers import LocalLedger, RedisLedger, SafeLedger
from auth.operators.door import Door
from auth.passwords import Passwords
from ops.console.exchange import Answered, Asked
from ops.console.site import Site
from tenants.database import Database
from tenants.secrets import Keyring
from tenants.settings import TenantSettings

CONNECTIONS = 2
REDIS_SECONDS = 2
ANSWERS_WITHIN = 30.0


class Running:
    """`url`: under which people reach the console."""

    def __init__(self, settings: TenantSettings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._starting = threading.Lock()
        self._site: Future[Site] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def answer(self, asked: Asked) -> Answered:
        """From any thread. Raises TimeoutError where it takes too long, and whatever kept the console from starting."""
        site = self._started().result(ANSWERS_WITHIN)
        if self._loop is None:
            raise RuntimeError("the console's loop runs once its site is there")
        return asyncio.run_coroutine_threadsafe(site.answer(asked), self._loop).result(ANSWERS_WITHIN)

    def close(self) -> None:
        if self._thread is None or self._loop is None or self._ended is None:
            return
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(ANSWERS_WITHIN)

    def _started(self) -> Future[Site]:
        with self._starting:
            if self._site is None:
                self._site = Future()
                self._thread = threading.Thread(target=self._run, args=(self._site,), name="operators-console", daemon=True)
                self._thread.start()
            return self._site

    def _run(self, site: Future[Site]) -> None:
        try:
            asyncio.run(self._live(site))
        except Exception as error:  # noqa: BLE001 - whoever waits for the site is told; the next who asks tries again
            with self._starting:
                self._site = None
            if not site.done():
                site.set_exception(error)

    async def _live(self, site: Future[Site]) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(Database(self._settings, connections=CONNECTIONS))
            redis: Redis = Redis.from_url(self._settings.redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
            stack.push_async_callback(redis.aclose)
            passwords = Passwords()
            stack.callback(passwords.close)
            door = Door(database, Keyring(self._settings.secret_keys), passwords, SafeLedger(RedisLedger(redis), LocalLedger()))
            site.set_result(Site(database, door, self._url, self._settings.secret_keys[0]))
            await self._ended.wait()
