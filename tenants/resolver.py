"""From a request's host to the tenant it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenants.errors import NotFound, RetryLater, TenantSuspended
from tenants.hosts import MalformedHost, Place, read_host
from tenants.registry import Registry, Tenant

SUSPENDED_RETRY = 3600
BEHIND_RETRY = 5


class UnknownHost(NotFound):
    """Unknown, reserved and malformed hosts are one answer."""

    def __init__(self) -> None:
        super().__init__("There is nothing at this address. Check the organization's part of the host name.")


class TenantBehind(RetryLater):
    """The tenant's schema is being migrated to what this release serves."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a host stands for. `tenant` is set for SUBDOMAIN and CUSTOM only; `former`: by a slug that it no longer has."""

    place: Place
    tenant: Tenant | None = None
    former: bool = False


class Resolver:
    def __init__(self, registry: Registry, base_host: str, serves: Callable[[str | None], bool]) -> None:
        self._registry = registry
        self._base = base_host
        self._serves = serves

    async def resolve(self, host: str) -> Resolved:
        """Raises UnknownHost, TenantSuspended or TenantBehind."""
        try:
            address = read_host(host, self._base)
        except MalformedHost:
            raise UnknownHost from None
        if address.place is Place.SUBDOMAIN:
            tenant = self.open(await self._registry.by_label(address.name))
            return Resolved(address.place, tenant, former=tenant.slug != address.name)
        if address.place is Place.CUSTOM:
            return Resolved(address.place, self.open(await self._registry.by_domain(address.name)))
        return Resolved(address.place)

    def open(self, tenant: Tenant | None) -> Tenant:
        """The tenant, if requests may reach it now."""
        if tenant is None or tenant.status in {"provisioning", "deleting"}:
            raise UnknownHost
        if tenant.status == "suspended":
            raise TenantSuspended("This organization is suspended. Its owner can ask the operator why.", retry_after=SUSPENDED_RETRY)
        if not self._serves(tenant.revision):
            raise TenantBehind("This organization is being updated; try again in a few seconds.", retry_after=BEHIND_RETRY)
        return tenant
