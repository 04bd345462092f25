"""A file in MaxMind's format (version 2.0 of its specification) with the places that a test wants."""

from __future__ import annotations

import time
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = bytes(16)


def file_of(places: Mapping[str, Mapping[str, Any]]) -> bytes:
    """`places`: what is known of each IPv4 network."""
    tree: list[list[int | None]] = [[None, None]]
    leaves: list[tuple[int, int, int]] = []
    data = b""
    for network, known in places.items():
        node, side = _leaf(tree, IPv4Network(network))
        leaves.append((node, side, len(data)))
        data += _encoded(dict(known))
    count = len(tree)
    records = [[count if one is None else one for one in node] for node in tree]
    for node, side, offset in leaves:
        records[node][side] = count + len(_SEPARATOR) + offset
    search = b"".join(record.to_bytes(3, "big") for node in records for record in node)
    said: dict[str, Any] = {"node_count": _number(6, 4, count), "build_epoch": _number(9, 8, int(time.time()))}
    said |= {name: _number(5, 2, value) for name, value in (("record_size", 24), ("ip_version", 4))}
    said |= {name: _number(5, 2, value) for name, value in (("binary_format_major_version", 2), ("binary_format_minor_version", 0))}
    said |= {"database_type": "Test-City", "languages": ["en", "de"], "description": {"en": "Test"}}
    return search + _SEPARATOR + data + _MARKER + _encoded(said)


def _leaf(tree: list[list[int | None]], network: IPv4Network) -> tuple[int, int]:
    """The node, and which of its two records, that stand for this network."""
    bits = [int(network.network_address) >> (31 - at) & 1 for at in range(network.prefixlen)]
    node = 0
    for bit in bits[:-1]:
        following = tree[node][bit]
        if following is None:
            following = tree[node][bit] = len(tree)
            tree.append([None, None])
        node = following
    return node, bits[-1]


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return _control(7, len(value)) + b"".join(_encoded(name) + _encoded(one) for name, one in value.items())
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encoded, value))
    assert isinstance(value, bytes)  # encoded already
    return value


def _number(kind: int, size: int, value: int) -> bytes:
    return _control(kind, size) + value.to_bytes(size, "big")


def _control(kind: int, size: int) -> bytes:
    """Kinds above 7 stand in a byte of their own."""
    assert size < 29
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])
