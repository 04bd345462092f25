"""Which address a request comes from, when proxies stand between."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address


def client_address(peer: str | None, forwarded: str | None, trusted: Sequence[IPv4Network | IPv6Network]) -> str | None:
    """The address of the client: the peer, or what trusted proxies say of it, read from the nearest proxy outwards.

    `forwarded` is the X-Forwarded-For header; what a peer that is not trusted says there is not looked at. None where the
    peer has no address (a Unix socket).
    """
    address = _parsed(peer)
    if address is None:
        return None
    for hop in reversed((forwarded or "").split(",")):
        if not any(address in network for network in trusted if network.version == address.version):
            break
        farther = _parsed(hop.strip())
        if farther is None:
            break
        address = farther
    return str(address)


def network_of(address: str | None) -> str:
    """What stays the same for one household's device: an IPv6 host changes the last 64 bits of its address daily (RFC 8981)."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed or "")


def _parsed(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
