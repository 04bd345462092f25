"""What an organization has decided about signing in, and what it is called and looks like there. `app.management` provides it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol
from uuid import UUID

from tenants.registry import Tenant


@dataclass(frozen=True, slots=True)
class Decided:
    """`public_reading`: whether people who are not signed in may read. A session ends `session` after it began, or `idle` after it was last used.

    `second_factor_required`: of everybody. `providers_trusted`: who comes through a provider is asked for none, owners who have one excepted.
    `remember_days`: for how long a device may be remembered on which somebody gave theirs; 0: never.
    `language`: the one it writes in (BCP 47). `enforced`: everybody comes through a provider, but for `break_glass`; see `auth.enforced`.
    `networks`: from where people sign in and act; empty: from everywhere.
    """

    name: str
    public_reading: bool
    shortest_password: int
    session: timedelta
    idle: timedelta
    accent_color: str | None = None
    logo_url: str | None = None
    tagline: str | None = None
    second_factor_required: bool = False
    providers_trusted: bool = True
    remember_days: int = 30
    language: str | None = None
    enforced: bool = False
    break_glass: frozenset[UUID] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def admits(self, user_id: UUID) -> bool:
        """Whether they may come in other than through a provider."""
        return not self.enforced or user_id in self.break_glass

    def reaches(self, address: str | None) -> bool:
        """Whether somebody at this address may act here. Where networks are named, nobody whose address is not known may."""
        return _holds(self.networks, address)


class Policies(Protocol):
    """What organizations have decided, at most a few seconds ago."""

    async def of(self, tenant: Tenant) -> Decided: ...

    def forget(self, tenant: Tenant) -> None:
        """This process hears of a change at once."""


def within(networks: Iterable[str], address: str | None) -> bool:
    """Whether an address is in one of these networks (CIDR), or there are none."""
    return _holds(tuple(ip_network(one) for one in networks), address)


def _holds(networks: tuple[IPv4Network | IPv6Network, ...], address: str | None) -> bool:
    if not networks:
        return True
    try:
        given = ip_address(address or "")
    except ValueError:
        return False
    mapped = given.ipv4_mapped if isinstance(given, IPv6Address) else None
    return any((mapped or given) in network for network in networks)
