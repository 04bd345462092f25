"""Host names that an organization may bring: pure rules, before anything is asked or kept."""

from __future__ import annotations

from tenants.errors import ValidationFailed
from tenants.hosts import MalformedHost, Place, read_host

LEAST_LABELS = 2


def custom_host(text: str, base: str) -> str:
    """The host name in lower case, without the root's dot (RFC 1123, 2.1). `base` is the installation's own host. Raises ValidationFailed."""
    name = text.strip().lower().removesuffix(".")
    wrong = _objection(name, base)
    if wrong:
        raise ValidationFailed({"host": wrong})
    return name


def _objection(name: str, base: str) -> str | None:
    if not name.isascii():
        return (
            "takes a name in letters a-z, digits and hyphens: give an international name by its A-labels (xn--…), as its DNS zone has it (RFC 5890)"
        )
    if ":" in name or "/" in name:
        return "takes the bare host name, without scheme, port or path"
    if name == base or name.endswith(f".{base}"):
        return f"lies below {base}, which is this installation's own; such addresses come from the slug"
    try:
        place = read_host(name, base).place
    except MalformedHost:
        place = None
    if place is not Place.CUSTOM:
        return f"{name!r} is no host name: labels of up to 63 letters, digits and inner hyphens, joined by dots, 253 characters at most (RFC 1123)"
    labels = name.split(".")
    if labels[-1].isdigit():
        return "is an IP address; a name is needed, since certificates and challenges go by names"
    return None if len(labels) >= LEAST_LABELS else "has no domain: give the whole name, as in news.acme.example"
