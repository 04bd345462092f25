"""Signing in through a SAML provider, for two organizations."""

from __future__ import annotations

from typing import Any

import pytest
import xmlsec
from lxml import etree

from auth.saml.names import PAIRWISE_ID, SUBJECT_ID, TRANSIENT
from auth.service import Auth
from ops.bench.identity_provider import one, pair_of
from tests.integration.auth.conftest import who
from tests.integration.conftest import House
from tests.saml.visiting import SECRETS, Visiting, module_of


async def test_people_of_two_organizations_come_in_each_through_their_own_provider(visiting: Visiting, acme: House, globex: House) -> None:
    for slug in ("acme", "globex"):
        visit = visiting("plain", at=slug)
        groups = {"groups": ("staff", "other"), "displayName": ("Nell Who",)}
        answer = await visit.good(attributes=groups)

        done = await visit.come_in(answer)

        assert (done.status_code, done.headers["location"]) == (303, "/auth/account")
        me = await who(visit.browser)
        assert (me["me"]["role"], me["organization"]["slug"]) == ("author", slug)
        assert "Nell Who" in (await visit.browser.get("/auth/account")).text


@pytest.mark.parametrize("name", [SUBJECT_ID, PAIRWISE_ID])
async def test_where_the_name_does_not_last_the_subject_id_says_who_it_is(name: str, visiting: Visiting) -> None:
    found = []
    for written in ("nell-7@acme.example", "NELL-7@Acme.Example"):
        visit = visiting("plain")
        said = {name: (written,), "mail": ("nell.seven@acme.example",)}
        done = await visit.come_in(await visit.good(name_id=f"_{written}-once", name_format=TRANSIENT, attributes=said))
        assert done.headers["location"] == "/auth/account"
        found.append((await who(visit.browser))["me"])

    assert found[0] is not None
    assert found[0] == found[1]


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
@pytest.mark.parametrize("cipher", [None, xmlsec.Transform.AES128_GCM, xmlsec.Transform.AES256_GCM])
async def test_an_assertion_may_be_encrypted_and_signed_in_each_way(signed: str, cipher: Any, visiting: Visiting) -> None:
    visit = visiting("plain")
    sealed = {"encrypt_to": SECRETS["certificate"], "cipher": cipher} if cipher else {}

    done = await visit.come_in(await visit.good(signed=signed, **sealed))

    assert done.headers["location"] == "/auth/account"


async def test_cbc_is_taken_within_a_response_that_the_provider_signed(visiting: Visiting) -> None:
    visit = visiting("plain")
    sealed = {"encrypt_to": SECRETS["certificate"], "cipher": xmlsec.Transform.AES256}

    assert (await visit.come_in(await visit.good(signed="both", **sealed))).headers["location"] == "/auth/account"


async def test_where_encryption_is_asked_for_nothing_else_is_taken(visiting: Visiting) -> None:
    visit = visiting("sealed")

    refused = await visit.check(await visit.send(await visit.good()))
    done = await visit.come_in(await visit.good(encrypt_to=SECRETS["certificate"]))

    assert (refused, done.headers["location"]) == ("encrypted", "/auth/account")


async def test_both_of_a_providers_certificates_are_accepted_while_both_are_configured(visiting: Visiting) -> None:
    visit = visiting("rolling")

    done = [await visit.come_in(await visit.good(signer=pair_of(name))) for name in ("idp", "idp-next")]

    assert [page.headers["location"] for page in done] == ["/auth/account"] * 2
    assert await visit.check(await visit.send(await visit.good(signer=pair_of("evil")))) == "verified"


async def test_clocks_may_differ_by_a_minute(visiting: Visiting) -> None:
    visit = visiting("plain")

    done = [await visit.come_in(await visit.good(conditions_for=-40)), await visit.come_in(await visit.good(issued=40))]

    assert [page.headers["location"] for page in done] == ["/auth/account"] * 2


async def test_what_is_good_until_the_end_of_the_calendar_is_good_now(visiting: Visiting) -> None:
    def without_end(root: etree._Element) -> None:
        one(root, "//saml:Conditions").set("NotOnOrAfter", "9999-12-31T23:59:59Z")
        one(root, "//saml:AuthnStatement").set("SessionNotOnOrAfter", "9999-12-31T23:59:59Z")

    visit = visiting("plain")

    assert (await visit.come_in(await visit.good(wrong=without_end))).headers["location"] == "/auth/account"


async def test_somebody_goes_on_to_where_they_wanted_on_this_host_and_nowhere_else(visiting: Visiting) -> None:
    visit = visiting("plain")
    wanted = ("/admin?tab=1", "https://evil.example/", "//evil.example")

    pages = [await visit.come_in(await visit.good(path)) for path in wanted]

    assert [page.headers["location"] for page in pages] == ["/admin?tab=1", "/auth/account", "/auth/account"]


async def test_what_was_encrypted_for_the_key_before_or_the_next_one_can_be_read(auth: Auth, visiting: Visiting) -> None:
    from auth.sso.checks import Checks

    visit = visiting("plain")
    module = module_of(auth)
    prepared = await module.renewed(visit.connection, "prepare")
    switched = await module.renewed(prepared, "switch")
    old, new = SECRETS["certificate"], switched.secrets["certificate"]

    for connection, certificate in ((prepared, new), (prepared, old), (switched, old), (switched, new)):
        answer = await visit.good(encrypt_to=certificate)
        verified, _ = await module.verified(visit.house.tenant, connection, Checks(), answer.encoded())
        assert verified.name_id == answer.name_id
