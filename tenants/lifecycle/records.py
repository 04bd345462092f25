"""TXT records from the Domain Name System (RFC 1035), by the system's resolvers or by those that are given.

What speaks with name servers takes 2 MB of each process that loads it, and is loaded when one is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from tenants.errors import ConfigurationError
from tenants.lifecycle.domains import NotVerified

SECONDS = 3.0
LIFETIME = 10.0
PORT = 53


class DnsRecords:
    """Asks DNS each time: nothing is remembered here, so a record corrected a moment ago is found as soon as its server says it."""

    def __init__(self, servers: Sequence[tuple[str, int]] = (), *, seconds: float = SECONDS, lifetime: float = LIFETIME) -> None:
        """`servers`: addresses and ports; none: the system's. Raises ConfigurationError where the system names none."""
        from dns.asyncresolver import Resolver  # noqa: PLC0415 - see above
        from dns.nameserver import Do53Nameserver  # noqa: PLC0415
        from dns.resolver import NoResolverConfiguration  # noqa: PLC0415

        try:
            self._resolver = Resolver(configure=not servers)
        except NoResolverConfiguration:
            raise ConfigurationError(["IMPRINT_DNS_SERVERS is not set and this system names no resolver: set host:port of one"]) from None
        if servers:
            self._resolver.nameservers = [Do53Nameserver(host, port) for host, port in servers]
        self._resolver.timeout = seconds
        self._resolver.lifetime = lifetime
        self._resolver.search = []

    async def at(self, name: str) -> list[str]:
        """Raises NotVerified, saying which of the ways to have no answer it was."""
        from dns.exception import DNSException, Timeout  # noqa: PLC0415 - see above
        from dns.name import from_text  # noqa: PLC0415
        from dns.rdatatype import TXT  # noqa: PLC0415
        from dns.resolver import NXDOMAIN, NoAnswer  # noqa: PLC0415

        try:
            answer = await self._resolver.resolve(from_text(name), TXT, search=False)
        except NXDOMAIN:
            raise NotVerified(f"There is no name {name} in DNS: create the TXT record there, wait a moment, then run this again.") from None
        except NoAnswer:
            raise NotVerified(f"{name} has no TXT record: create it, wait a moment, then run this again.") from None
        except Timeout:
            raise NotVerified(f"DNS did not answer for {name} within {self._resolver.lifetime:g} seconds: run this again.") from None
        except DNSException as error:
            raise NotVerified(f"DNS gave no usable answer for {name} ({type(error).__name__}): check the domain's name servers.") from None
        return sorted(b"".join(record.strings).decode("utf-8", "replace") for record in answer)


def servers_from(text: str) -> list[tuple[str, int]]:
    """Addresses and ports from a comma list of host:port, as IMPRINT_DNS_SERVERS has it. Raises ConfigurationError."""
    return [_server(part.strip()) for part in text.split(",") if part.strip()]


def _server(text: str) -> tuple[str, int]:
    from dns.inet import is_address  # noqa: PLC0415 - see above

    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port or PORT
        usable = is_address(host) and not (parts.path or parts.query or parts.fragment or "@" in text)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError([f"IMPRINT_DNS_SERVERS holds {text!r}: set IP addresses (IPv6 in brackets) with or without :port, comma separated"])
    return host, port
