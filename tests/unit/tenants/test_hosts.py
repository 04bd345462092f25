from __future__ import annotations

import pytest

from tenants.hosts import Address, MalformedHost, Place, read_host

BASE = "imprint.example"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("imprint.example", Address(Place.BASE)),
        ("imprint.example:8000", Address(Place.BASE)),
        ("IMPRINT.example", Address(Place.BASE)),
        ("acme.imprint.example", Address(Place.SUBDOMAIN, "acme")),
        ("ACME.imprint.example:443", Address(Place.SUBDOMAIN, "acme")),
        ("api.imprint.example", Address(Place.API)),
        ("news.acme.org", Address(Place.CUSTOM, "news.acme.org")),
        ("notimprint.example", Address(Place.CUSTOM, "notimprint.example")),
    ],
)
def test_a_host_is_read(header: str, address: Address) -> None:
    assert read_host(header, BASE) == address


@pytest.mark.parametrize(
    "header",
    [
        "",
        " acme.imprint.example",
        "a@evil.imprint.example",
        "acme.imprint.example:",
        "acme.imprint.example:0",
        "acme.imprint.example:99999",
        "acme.imprint.example:80:80",
        "acme.imprint.example.",
        "acme..imprint.example",
        "-acme.imprint.example",
        "acme-.imprint.example",
        "a" * 64 + ".imprint.example",
        "äcme.imprint.example",
        "acme';--.imprint.example",
        'acme".imprint.example',
        "acme.imprint.example/path",
        "a.b.imprint.example",
        "[::1]",
        "acme\0.imprint.example",
        "x." * 130 + "example",
    ],
)
def test_anything_else_is_malformed(header: str) -> None:
    with pytest.raises(MalformedHost):
        read_host(header, BASE)
