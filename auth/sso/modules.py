"""What each kind of connection has to bring: its settings, its address, and a look at the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from auth.sso.checks import Check

if TYPE_CHECKING:
    from auth.sso.connections import Connection
    from tenants.registry import Tenant


class Module(Protocol):
    """One login module. Its heavy libraries are imported when the first organization needs them."""

    async def settle(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Both as they are kept: defaults filled in, limits kept, nothing unknown; what stands at an address is fetched.

        Raises ValidationFailed naming all that is wrong.
        """

    def start(self, connection: Connection) -> str:
        """The path at the organization's address where a sign-in through this connection begins."""

    def copied(self, connection: Connection) -> tuple[tuple[str, str], ...]:
        """What has to be entered at the provider: its usual name there, and the path at the organization's address."""

    async def examine(self, tenant: Tenant, connection: Connection) -> list[Check]:
        """What can be said of the connection without anybody signing in: addresses that answer, certificates, keys, a search."""


UNOPENED = Check("secrets_open", "secrets that the organization's key opens", "secrets that it does not open")


async def examined(module: Module, tenant: Tenant, connection: Connection) -> list[Check]:
    """As `examine`; without its secrets there is nothing to look with."""
    return [UNOPENED] if connection.unopened is not None else await module.examine(tenant, connection)
