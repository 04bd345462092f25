"""Rules of coming in through an identity provider that need nobody to come in."""

from __future__ import annotations

import pytest

from auth.sso.checks import Checks, SignInRefused, masked
from auth.sso.domains import domain_of, email_domain
from auth.sso.mapping import role_of
from auth.sso.trail import new_trace
from tenants.errors import ValidationFailed

RULES = (("Editors", "editor"), ("staff", "author"))


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["staff"], "author"), (["STAFF", "editors"], "editor"), (["cleaning"], "reader"), ([], "reader")],
)
def test_the_first_rule_that_fits_gives_the_role_and_the_default_does_where_none_fits(groups: list[str], role: str) -> None:
    assert role_of(groups, RULES, "reader") == role


def test_groups_say_nothing_of_roles_where_there_are_no_rules() -> None:
    assert role_of(["staff"], (), "reader") is None


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("kim@acme.example", "acme.example"),
        ("Kim@ACME.Example", "acme.example"),
        ("kim@bücher.example", "xn--bcher-kva.example"),
        ("kim@evil.example@acme.example", "acme.example"),
        ("acme.example", ""),
        ("kim@", ""),
        ("kim@localhost", ""),
        ("kim@a..b", ""),
    ],
)
def test_an_addresss_domain_is_what_stands_behind_its_last_at(email: str, domain: str) -> None:
    assert domain_of(email) == domain


@pytest.mark.parametrize("text", ["", "localhost", "a b.example", "x" * 254 + ".example", "acme.example/evil", "*.example"])
def test_what_is_no_domain_is_not_claimed(text: str) -> None:
    with pytest.raises(ValidationFailed):
        email_domain(text)


def test_checks_are_kept_in_order_and_the_first_that_fails_is_the_refusal() -> None:
    checks = Checks()
    checks.require("issuer", "a", "a", when=True)

    with pytest.raises(SignInRefused) as caught:
        checks.require("audience", "us", "them", when=False)

    assert [(check.name, check.passed) for check in checks.done] == [("issuer", True), ("audience", False)]
    assert caught.value.check == checks.done[-1]
    assert "them" not in caught.value.message


def test_a_masked_address_tells_which_and_not_whose() -> None:
    assert masked("kim@acme.example") == "k…@acme.example"


def test_a_trace_can_be_read_out_on_the_telephone() -> None:
    trace = new_trace()

    assert len(trace) == 9
    assert not set("ILOU") & set(trace)
