"""LDAP among the kinds of connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any, TypeVar

from auth.identities import ExternalIdentity
from auth.ldap.settings import LdapSettings
from auth.passwords import Busy
from auth.reach import Reach
from auth.sso.checks import Check, Checks, SignInRefused, words_of
from tenants.errors import RetryLater

if TYPE_CHECKING:
    from auth.sso.connections import Connection
    from tenants.registry import Tenant

THREADS, MOST_WAITING = 8, 32
AMR = ("pwd", "ldap")

Answer = TypeVar("Answer")


class DirectoryAway(RetryLater):
    """The organization's directory does not answer."""

    code = "DIRECTORY_AWAY"

    def __init__(self) -> None:
        super().__init__("Your organization's directory does not answer at the moment. Try again in a minute.", retry_after=30)


class LdapModule:
    """Threads of its own, and so many who wait for them: a directory that hangs keeps nobody else."""

    def __init__(self, *, dev: bool, private: tuple[IPv4Network | IPv6Network, ...] = ()) -> None:
        self._reach = Reach(private, everywhere=dev)
        self._threads: ThreadPoolExecutor | None = None
        self._waiting = 0

    async def settle(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        return LdapSettings.settle(settings, secrets)

    def start(self, connection: Connection) -> str:
        return f"/auth/ldap/{connection.name}"

    def copied(self, _connection: Connection) -> tuple[tuple[str, str], ...]:
        return ()

    async def examine(self, _tenant: Tenant, connection: Connection) -> list[Check]:
        from auth.ldap import directory  # noqa: PLC0415 - see the package

        checks = Checks()
        settings, password = LdapSettings.of(connection), connection.secrets.get("bind_password")
        try:
            await self._in_thread(lambda: directory.examine(settings, password, checks, reach=self._reach))
        except SignInRefused as refusal:
            return checks.done if refusal.check in checks.done else [*checks.done, refusal.check]
        except directory.Away as away:
            return [*checks.done, Check("directory_reached", "a server that answers", words_of(away))]
        return checks.done

    async def identity(self, connection: Connection, login: str, password: str, checks: Checks) -> ExternalIdentity:
        """Whom the directory vouches for. Raises SignInRefused, Busy, DirectoryAway."""
        from auth.ldap import directory  # noqa: PLC0415 - see the package

        settings, secret = LdapSettings.of(connection), connection.secrets.get("bind_password")
        try:
            found = await self._in_thread(lambda: directory.prove(settings, secret, login, password, checks, reach=self._reach))
        except directory.Away as away:
            checks.done.append(Check("directory_reached", "a server that answers", words_of(away)))
            raise DirectoryAway from None
        return ExternalIdentity(connection.id, found.id, found.email, settings.email_trusted, found.username, found.name, found.groups, AMR)

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        if self._waiting >= THREADS + MOST_WAITING:
            raise Busy("Too many people sign in through the directory at this moment. Try again in a second.")
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="directory")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
