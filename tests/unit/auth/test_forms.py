from __future__ import annotations

import pytest

from auth.forms import form_token, from_own_site, matches

ACME, GLOBEX = bytes(32), bytes([1]) * 32
OWN = "https://acme.imprint.example"


def test_a_form_token_is_good_for_one_organization_purpose_and_browser() -> None:
    token = form_token(ACME, "sign-in", "browser")
    assert matches(ACME, "sign-in", "browser", token)
    assert not matches(GLOBEX, "sign-in", "browser", token)
    assert not matches(ACME, "session", "browser", token)
    assert not matches(ACME, "sign-in", "another", token)


@pytest.mark.parametrize("given", [None, "", "x", "é", "\ud800", "a" * 5000])
def test_anything_else_is_no_token(given: str | None) -> None:
    assert not matches(ACME, "sign-in", "browser", given)


def test_a_browser_that_brings_nothing_to_bind_to_has_no_token() -> None:
    assert not matches(ACME, "sign-in", "", form_token(ACME, "sign-in", ""))


@pytest.mark.parametrize(
    ("origin", "fetch_site", "own"),
    [
        (OWN, "same-origin", True),
        (OWN, None, True),
        (None, "same-origin", True),
        (None, "none", True),
        (None, None, True),
        (None, "same-site", False),
        (None, "cross-site", False),
        (OWN, "cross-site", False),
        ("https://globex.imprint.example", "same-origin", False),
        ("http://acme.imprint.example", None, False),
        ("https://acme.imprint.example.evil.example", None, False),
        ("null", None, False),
        ("", None, False),
    ],
)
def test_only_our_own_pages_are_our_own_site(origin: str | None, fetch_site: str | None, *, own: bool) -> None:
    assert from_own_site(OWN, origin, fetch_site) is own
