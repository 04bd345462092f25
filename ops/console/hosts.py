"""Under which names the console answers: a page elsewhere whose name leads to this address must not read it (DNS rebinding)."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_own(host: str, url: str) -> bool:
    """Whether a Host header is the configured address's, a bare IP address, or this machine's own name for itself."""
    try:
        given = urlsplit(f"//{host.lower()}")
        name = given.hostname or ""
        given.port  # noqa: B018 - it is looked at when it is asked for
    except ValueError:
        return False
    if host.lower() == urlsplit(url).netloc.lower() or name == "localhost":
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
