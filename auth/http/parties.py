"""For whom passkeys are made at the address of a request: the organization's own host, or one of its verified ones."""

from __future__ import annotations

from urllib.parse import urlsplit

from auth.factors.ceremonies import RelyingParty
from auth.http.context import AnyRequest, header_of, place_of, tenant_of
from auth.parts import Parts
from tenants.hosts import Place, read_host


def party_of(parts: Parts, request: AnyRequest) -> RelyingParty:
    """Scheme and port are the installation's; of a request only the host counts, and only one that the registry knows as verified."""
    address = parts.addresses.of(tenant_of(request))
    base = urlsplit(parts.addresses.public_url).hostname or ""
    if place_of(request) is Place.CUSTOM:
        address = parts.addresses.of_host(read_host(header_of(request, b"host") or "", base).name)
    return RelyingParty(urlsplit(address).hostname or "", address)
