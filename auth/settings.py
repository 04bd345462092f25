"""What this package reads from the environment, and how long its things live."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self, cast

from tenants.environment import Environment
from tenants.errors import ConfigurationError

DAY = 24 * 3600
INVITATION_LIFETIME = 7 * DAY
ADDRESS_LIFETIME = DAY
RESET_LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Times are seconds. `trusted_proxies` may tell the address of the client they speak for; `dns_servers`: none means the system's.

    `private_networks`: where organizations' identity providers and directories may stand besides public addresses.
    `geoip`: the file that says where addresses are; none: nobody's place is known.
    `sign_up`: who may open an organization by themselves.
    """

    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    dns_servers: tuple[tuple[str, int], ...] = ()
    geoip: str = ""
    access_lifetime: int = 15 * 60
    refresh_lifetime: int = 30 * DAY
    browser_lifetime: int = 14 * DAY
    invitation_lifetime: int = INVITATION_LIFETIME
    rights_age: float = 3.0
    signing_overlap: int = 15 * 60
    sign_up: Literal["off", "invite", "open"] = "invite"
    private_networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def read(cls, env: Environment) -> Self:
        return cls(
            trusted_proxies=_networks(env, "IMPRINT_TRUSTED_PROXIES"),
            private_networks=_private(env),
            dns_servers=_dns_servers(env),
            geoip=_geoip(env),
            sign_up=cast('Literal["off", "invite", "open"]', env.choice("IMPRINT_SIGN_UP", ("off", "invite", "open"), "invite")),
        )


def _geoip(env: Environment) -> str:
    given = env.text("IMPRINT_GEOIP")
    if given and not Path(given).is_file():
        env.problem("IMPRINT_GEOIP", f"names {given!r}, which is no file", "name one in MaxMind's format, like GeoLite2-City.mmdb, or leave it out")
    return given


def _dns_servers(env: Environment) -> tuple[tuple[str, int], ...]:
    given = env.text("IMPRINT_DNS_SERVERS")
    if not given:
        return ()
    from tenants.lifecycle.records import servers_from  # noqa: PLC0415 - it brings what most commands do not need

    try:
        return tuple(servers_from(given))
    except ConfigurationError as wrong:
        env.problem("IMPRINT_DNS_SERVERS", "; ".join(wrong.problems), "list addresses of name servers with or without :port, e.g. 9.9.9.9:53")
        return ()


def _private(env: Environment) -> tuple[IPv4Network | IPv6Network, ...]:
    found = _networks(env, "IMPRINT_PRIVATE_NETWORKS")
    for network in found:
        if network.prefixlen == 0:
            env.problem(
                "IMPRINT_PRIVATE_NETWORKS", f"holds {network}", "name the networks in which directories and providers stand, not all there are"
            )
    return found


def _networks(env: Environment, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for part in filter(None, (part.strip() for part in env.text(name).split(","))):
        try:
            found.append(ip_network(part, strict=False))
        except ValueError:
            env.problem(name, f"holds {part!r}", "list addresses or networks with commas between them, e.g. 10.0.0.0/8")
    return tuple(found)
