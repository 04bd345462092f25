"""Addresses that people and tokens carry: made from the configured base alone, never from a request."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tenants.registry import Tenant


@dataclass(frozen=True, slots=True)
class Addresses:
    """`public_url`: scheme, base domain and port that people see, without a path."""

    public_url: str

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https:")

    def of_slug(self, slug: str) -> str:
        """The address under which an organization is reached, e.g. https://acme.imprint.example."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{slug}.{parts.netloc}"

    def of(self, tenant: Tenant) -> str:
        return self.of_slug(tenant.slug)

    def of_host(self, host: str) -> str:
        """The address of a host that an organization has of its own: its scheme and port are the installation's."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

    def any_tenant(self) -> str:
        """A Content-Security-Policy source that matches every organization's address."""
        return self.of_slug("*")
