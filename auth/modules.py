"""The login modules that there are, by the kind of their connections."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from auth.ldap.module import LdapModule
from auth.oauth2.module import OAuth2Module
from auth.oidc.module import OidcModule
from auth.saml.module import SamlModule
from auth.sso.fetching import Fetcher

if TYPE_CHECKING:
    from auth.addresses import Addresses
    from auth.sso.connections import Kind
    from auth.sso.modules import Module


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What modules know of where they run. `dev`: providers on this machine are reached, too, and without TLS. `private`: see `auth.reach`."""

    addresses: Addresses
    dev: bool
    private: tuple[IPv4Network | IPv6Network, ...] = ()


def modules(around: Surroundings) -> dict[Kind, Module]:
    fetcher = Fetcher(dev=around.dev, private=around.private)
    return {
        "ldap": LdapModule(dev=around.dev, private=around.private),
        "oauth2": OAuth2Module(around.addresses, fetcher),
        "oidc": OidcModule(around.addresses, fetcher),
        "saml": SamlModule(around.addresses, fetcher),
    }
