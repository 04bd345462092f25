from __future__ import annotations

import pytest

from tenants.errors import ConfigurationError, ValidationFailed
from tenants.lifecycle.custom_hosts import custom_host
from tenants.lifecycle.records import servers_from

LABEL = "a" * 63


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("news.acme.example", "news.acme.example"),
        (" News.ACME.example. ", "news.acme.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1.acme.example", "1.acme.example"),
        (f"{LABEL}.{LABEL}.{LABEL}.{'a' * 61}", f"{LABEL}.{LABEL}.{LABEL}.{'a' * 61}"),
        ("notimprint.example", "notimprint.example"),
    ],
)
def test_a_host_name_is_kept_in_lower_case_without_the_roots_dot(typed: str, kept: str) -> None:
    assert custom_host(typed, "imprint.example") == kept


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("bücher.example", "A-labels"),
        ("https://news.acme.example", "bare host name"),
        ("news.acme.example:8000", "bare host name"),
        ("news.acme.example/path", "bare host name"),
        ("[::1]", "bare host name"),
        ("127.0.0.1", "IP address"),
        ("1.2.3", "IP address"),
        ("imprint.example", "installation's own"),
        ("acme.imprint.example", "installation's own"),
        ("a.b.imprint.example", "installation's own"),
        ("localhost", "whole name"),
        ("", "no host name"),
        (".", "no host name"),
        ("-a.example", "no host name"),
        ("a-.example", "no host name"),
        ("a..example", "no host name"),
        ("a_b.example", "no host name"),
        ("*.acme.example", "no host name"),
        ("a b.example", "no host name"),
        ("a\0.example", "no host name"),
        (f"{'a' * 64}.example", "no host name"),
        (f"{LABEL}.{LABEL}.{LABEL}.{'a' * 62}", "no host name"),
    ],
)
def test_what_is_no_host_of_ones_own_is_refused_with_the_reason(typed: str, why: str) -> None:
    with pytest.raises(ValidationFailed, match=why) as refused:
        custom_host(typed, "imprint.example")
    assert list(refused.value.fields) == ["host"]


def test_name_servers_are_addresses_with_or_without_a_port() -> None:
    assert servers_from("") == []
    assert servers_from("9.9.9.9, 127.0.0.1:5353,[::1]:54,[2620:fe::fe]") == [
        ("9.9.9.9", 53),
        ("127.0.0.1", 5353),
        ("::1", 54),
        ("2620:fe::fe", 53),
    ]
    for wrong in ("dns.example", "1.2.3.4:x", "1.2.3.4:99999", "1.2.3.4/24", "me@1.2.3.4", ":53", "::1"):
        with pytest.raises(ConfigurationError, match="IMPRINT_DNS_SERVERS"):
            servers_from(wrong)
