from __future__ import annotations

from ipaddress import ip_network

import pytest

from auth.addresses import Addresses
from auth.clients import client_address
from auth.cookies import CookieNames, read_cookie
from auth.destinations import DEFAULT, own_path

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def test_in_production_only_this_host_can_set_a_session_and_only_over_tls() -> None:
    names = CookieNames(plain=False)
    header = names.set(names.session, "value", max_age=60).to_header(header="")
    assert header.strip() == "__Host-imprint=value; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"
    assert names.form.startswith("__Host-")


def test_on_plain_http_in_development_the_cookie_has_a_name_that_production_never_reads() -> None:
    names = CookieNames(plain=True)
    assert "Secure" not in names.set(names.session, "value").to_header()
    assert {names.session, names.form}.isdisjoint({CookieNames(plain=False).session, CookieNames(plain=False).form})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("a=1; imprint-dev=x; b=2", "x"),
        ("imprint-dev=first; imprint-dev=second", "first"),
        ("ximprint-dev=x", None),
        ("imprint-dev", None),
        ("imprint-dev=", None),
        ("", None),
        (";;= ;imprint-dev=a=b", "a=b"),
    ],
)
def test_a_cookie_is_read_by_its_whole_name(header: str, value: str | None) -> None:
    assert read_cookie(header, "imprint-dev") == value


@pytest.mark.parametrize("wanted", ["/graphql", "/admin/posts?after=a&first=2", "/"])
def test_a_path_of_this_host_may_be_gone_to(wanted: str) -> None:
    assert own_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted", [None, "", "admin", "//evil.example", "/\\evil.example", "/a\\b", "https://evil.example", "/\t/evil", "/ä", "/" + "a" * 2000]
)
def test_anything_else_leads_to_the_account_page(wanted: str | None) -> None:
    assert own_path(wanted) == DEFAULT


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 10.2.3.4", "203.0.113.5"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.9", "198.51.100.9"),
        (None, "198.51.100.9", None),
        ("", None, None),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(peer: str | None, forwarded: str | None, client: str | None) -> None:
    assert client_address(peer, forwarded, TRUSTED) == client


def test_an_organizations_address_keeps_the_scheme_and_port_that_people_see() -> None:
    assert Addresses("http://localhost:8000").of_slug("acme") == "http://acme.localhost:8000"
    assert Addresses("https://imprint.example").of_slug("acme") == "https://acme.imprint.example"
