"""Which addresses are asked where an organization's administrator has typed a name: public ones, and those that the operator names."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address


@dataclass(frozen=True, slots=True)
class Reach:
    """`private`: networks of the operator's in which organizations' servers stand. `everywhere`: in development, this machine too."""

    private: tuple[IPv4Network | IPv6Network, ...] = ()
    everywhere: bool = False

    def allows(self, address: str) -> bool:
        """An address of IPv6 that stands for one of IPv4 is that one. Raises ValueError for what is no address."""
        given = ip_address(address)
        if self.everywhere:
            return True
        meant = (given.ipv4_mapped if isinstance(given, IPv6Address) else None) or given
        return (given.is_global and meant.is_global) or any(meant in network for network in self.private)
