"""Reading the Host header: pure, strict, before anything else looks at a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

LONGEST_HOST = 253
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PORT = re.compile(r"[0-9]{1,5}")
_HIGHEST_PORT = 65535


class MalformedHost(ValueError):
    """The header names no host (RFC 9110, 7.2). The request is answered as an unknown host is."""


class Place(StrEnum):
    """Which part of the installation a host belongs to."""

    BASE = "base"
    API = "api"
    SUBDOMAIN = "subdomain"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Address:
    """`name` is the tenant's label for SUBDOMAIN, the whole host for CUSTOM, empty otherwise."""

    place: Place
    name: str = ""


@lru_cache(maxsize=16_384)
def read_host(header: str, base: str) -> Address:
    """Where a Host header points. `base` is the installation's own host, lower case.

    Raises MalformedHost for anything but a plain lower-caseable host name with an optional port.
    """
    host = _host_name(header)
    if host == base:
        return Address(Place.BASE)
    if host.endswith(f".{base}"):
        label = host.removesuffix(f".{base}")
        if "." in label:
            raise MalformedHost(header)
        return Address(Place.API) if label == "api" else Address(Place.SUBDOMAIN, label)
    return Address(Place.CUSTOM, host)


def _host_name(header: str) -> str:
    if not header.isascii() or len(header) > LONGEST_HOST + 6:
        raise MalformedHost(header)
    host, colon, port = header.partition(":")
    if colon and not (_PORT.fullmatch(port) and 0 < int(port) <= _HIGHEST_PORT):
        raise MalformedHost(header)
    host = host.lower()
    if not host or len(host) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise MalformedHost(header)
    return host
