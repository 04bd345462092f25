"""TXT records from the Domain Name System (RFC 1035), by the system's resolvers or by those that are given."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import dns.asyncresolver
import dns.exception
import dns.inet
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from tenants.errors import ConfigurationError
from tenants.lifecycle.domains import NotVerified

SECONDS = 3.0
LIFETIME = 10.0
PORT = 53


class DnsRecords:
    """Asks DNS each time: nothing is remembered here, so a record corrected a moment ago is found as soon as its server says it."""

    def __init__(self, servers: Sequence[tuple[str, int]] = (), *, seconds: float = SECONDS, lifetime: float = LIFETIME) -> None:
        """`servers`: addresses and ports; none: the system's. Raises ConfigurationError where the system names none."""
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            raise ConfigurationError(["IMPRINT_DNS_SERVERS is not set and this system names no resolver: set host:port of one"]) from None
        if servers:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in servers]
        self._resolver.timeout = seconds
        self._resolver.lifetime = lifetime
        self._resolver.search = []

    async def at(self, name: str) -> list[str]:
        """Raises NotVerified, saying which of the ways to have no answer it was."""
        try:
            answer = await self._resolver.resolve(dns.name.from_text(name), dns.rdatatype.TXT, search=False)
        except dns.resolver.NXDOMAIN:
            raise NotVerified(f"There is no name {name} in DNS: create the TXT record there, wait a moment, then run this again.") from None
        except dns.resolver.NoAnswer:
            raise NotVerified(f"{name} has no TXT record: create it, wait a moment, then run this again.") from None
        except dns.exception.Timeout:
            raise NotVerified(f"DNS did not answer for {name} within {self._resolver.lifetime:g} seconds: run this again.") from None
        except dns.exception.DNSException as error:
            raise NotVerified(f"DNS gave no usable answer for {name} ({type(error).__name__}): check the domain's name servers.") from None
        return sorted(b"".join(record.strings).decode("utf-8", "replace") for record in answer)


def servers_from(text: str) -> list[tuple[str, int]]:
    """Addresses and ports from a comma list of host:port, as IMPRINT_DNS_SERVERS has it. Raises ConfigurationError."""
    return [_server(part.strip()) for part in text.split(",") if part.strip()]


def _server(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port or PORT
        usable = dns.inet.is_address(host) and not (parts.path or parts.query or parts.fragment or "@" in text)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError([f"IMPRINT_DNS_SERVERS holds {text!r}: set IP addresses (IPv6 in brackets) with or without :port, comma separated"])
    return host, port
