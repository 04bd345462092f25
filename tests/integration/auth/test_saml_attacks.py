"""Responses that nobody may come in with: each is refused with one page, no session, and the exact check in the audit log."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar.types import ASGIApp
from lxml import etree

from auth.sso.connections import Connection
from ops.bench.identity_provider import Answer, pair_of
from tenants.settings import TenantSettings
from tests.integration.auth.conftest import client_at
from tests.integration.conftest import House
from tests.integration.serving import running
from tests.saml.forging import FORGED
from tests.saml.visiting import Visit, Visiting
from tests.saml.wrapping import WRAPPINGS


@pytest.fixture
async def visit(visiting: Visiting) -> Visit:
    return visiting("plain")


@pytest.mark.parametrize("line", FORGED)
async def test_a_forged_response_is_refused_and_its_check_named(line: str, visit: Visit) -> None:
    changes, check = FORGED[line]
    answer = await visit.good(**changes)

    assert await visit.check(await visit.send(answer)) == check


@pytest.mark.parametrize("line", WRAPPINGS)
async def test_signature_wrapping_is_refused(line: str, visit: Visit) -> None:
    signed, wrap = WRAPPINGS[line]
    answer = await visit.good(signed=signed, after=wrap)

    assert await visit.check(await visit.send(answer)) in {"one_assertion", "signed_reference", "verified"}
    # Without the wrapping the same would have been let in: it is the wrapping that was seen.
    assert (await visit.send(await visit.good(signed=signed))).status_code == 303


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
UNREADABLE: dict[str, tuple[str, str]] = {
    "a document type": (base64.b64encode(b'<!DOCTYPE x><x xmlns="urn:x"/>').decode(), "message_xml"),
    "an external entity": (base64.b64encode(b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>').decode(), "message_xml"),
    "a bomb of entities": (base64.b64encode(BOMB).decode(), "message_xml"),
    "a document type in UTF-16": (
        base64.b64encode('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><x/>'.encode("utf-16")).decode(),
        "message_xml",
    ),
    "a document type in UTF-7": (base64.b64encode(b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>').decode(), "message_xml"),
    "no XML": (base64.b64encode(b"hello").decode(), "message_xml"),
    "no base64": ("%%%", "message_encoding"),
    "base64 with something between": ("PHg+ PC94Pg==", "message_encoding"),
    "nothing": ("", "message_encoding"),
    "more than 256 KiB": (base64.b64encode(b"<x>" + b"a" * 256 * 1024 + b"</x>").decode(), "message_size"),
    "no response": (base64.b64encode(b"<x/>").decode(), "message_kind"),
}


@pytest.mark.parametrize("line", UNREADABLE)
async def test_what_is_no_proper_document_is_refused_before_any_signature(line: str, visit: Visit) -> None:
    encoded, check = UNREADABLE[line]

    assert await visit.check(await visit.send(encoded)) == check


async def test_the_same_response_comes_in_once_also_at_once_and_in_another_process(visit: Visit, other_process: ASGIApp) -> None:
    answer = (await visit.good()).encoded()

    first, second = await visit.send(answer), await visit.send(answer)
    async with client_at(other_process, "acme.localhost") as elsewhere:
        third = await elsewhere.post(f"{visit.path}/acs", data={"SAMLResponse": answer, "RelayState": visit.relay})

    assert first.status_code == 303
    assert [await visit.check(page) for page in (second, third)] == ["assertion_once", "assertion_once"]


async def test_an_assertion_that_was_used_does_not_come_in_with_another_request(visit: Visit) -> None:
    answer = await visit.good(signed="assertion")
    tree = answer.tree()
    assert (await visit.send(base64.b64encode(etree.tostring(tree)).decode())).status_code == 303
    again = await visit.ask()
    tree.set("InResponseTo", again)

    assert await visit.check(await visit.send(base64.b64encode(etree.tostring(tree)).decode())) == "in_response_to"


async def test_a_request_that_was_never_sent_or_is_another_connections_is_none(visit: Visit, visiting: Visiting) -> None:
    await visit.ask()
    unknown = await visit.good()
    other = visiting("open")
    foreign = await other.ask()

    never = await visit.send(unknown.but(request="_" + "x" * 43), relay="x" * 43)
    crossed = await visit.send(unknown.but(request=foreign), relay=other.relay)

    assert [await visit.check(page) for page in (never, crossed)] == ["saml_request_known", "same_connection"]


async def test_relay_state_is_a_handle_never_an_address_and_that_of_this_request(visit: Visit) -> None:
    answer = await visit.good()

    pages = [await visit.send(answer, relay=relay) for relay in ("https://evil.example/", "/admin", None, "x" * 43)]

    assert [await visit.check(page) for page in pages] == ["relay_state"] * 4
    done = await visit.come_in(await visit.good())
    assert done.headers["location"] == "/auth/account"


@pytest.mark.parametrize("name", ["plain", "off"])
async def test_whoever_only_says_that_they_test_it_is_not_sent_to_the_provider_and_is_in_the_audit_log(name: str, visiting: Visiting) -> None:
    visit = visiting(name)
    page = await visit.browser.get(f"{visit.path}/login", params={"next": f"/admin/sign-on/{name}/test/{'A' * 43}"})

    assert await visit.check(page) == "rehearsal_known"


async def test_finish_takes_only_the_browser_that_asked_and_only_once(visit: Visit, at_acme: httpx.AsyncClient) -> None:
    taken = await visit.send(await visit.good())
    await at_acme.get("/auth/login")

    stolen = await at_acme.get(taken.headers["location"])
    late = await visit.browser.get(taken.headers["location"])
    none = await visit.browser.get(f"{visit.path}/finish")
    taken = await visit.send(await visit.good())
    first, second = [await visit.browser.get(taken.headers["location"]) for _ in range(2)]

    assert [await visit.check(page) for page in (stolen, late, none)] == ["saml_finish_browser", "saml_finish_known", "saml_finish_known"]
    assert first.status_code == 303
    assert await visit.check(second) == "saml_finish_known"


async def test_what_one_connection_has_verified_is_finished_at_no_other(visit: Visit) -> None:
    """Two providers may call two people the same."""
    taken = await visit.send(await visit.good())

    page = await visit.browser.get(taken.headers["location"].replace("/auth/saml/plain/", "/auth/saml/open/"))

    (refused,) = await visit.auth.parts.trail.refusals(visit.house.tenant, most=1)
    assert (page.status_code, refused.check, refused.trace in page.text) == (401, "same_connection", True)
    assert (await visit.browser.get("/auth/account")).status_code == 303


async def test_what_is_meant_for_one_organization_is_worth_nothing_at_another(visiting: Visiting, globex: House, visit: Visit) -> None:
    there = visiting("plain", at="globex")
    theirs = await there.good()
    here = await visit.ask()

    page = await visit.send(theirs.but(request=here))

    assert there.ours.entity_id != visit.ours.entity_id
    assert there.ours.acs != visit.ours.acs
    assert await visit.check(page) == "response_issuer"


async def test_an_address_of_a_domain_that_is_not_the_organizations_never_comes_in(visit: Visit) -> None:
    answer = await visit.good()

    taken = await visit.send(answer.but(name_id="nell@elsewhere.example"))
    page = await visit.browser.get(taken.headers["location"])

    assert await visit.check(page) == "email_domain"


async def test_an_answer_that_nobody_asked_for_comes_in_only_where_the_connection_allows_it(visit: Visit, visiting: Visiting) -> None:
    refused = await visit.send((await visit.good()).but(request=None), relay=None)
    allowed = visiting("open")
    answer = (await allowed.good()).but(request=None)
    taken = await allowed.send(answer, relay="https://evil.example/")
    came = await allowed.stranger.get(taken.headers["location"])

    assert await visit.check(refused) == "asked_for"
    assert (came.status_code, came.headers["location"]) == (303, "/auth/account")


async def test_an_expired_certificate_of_the_provider_signs_nothing(visiting: Visiting) -> None:
    visit = visiting("expired")

    page = await visit.send(await visit.good(signer=pair_of("old", days=-1, begins=-9)))

    assert await visit.check(page) == "provider_certificate"


async def test_a_connection_that_is_off_begins_nothing_and_lets_nobody_in(visiting: Visiting) -> None:
    visit = visiting("off")
    page = await visit.browser.get(f"{visit.path}/login")
    answer = Answer(acs=visit.ours.acs, audience=visit.ours.entity_id, issuer=str(visit.connection.settings["entity_id"]))
    taken = await visit.send(answer, relay=None)

    assert await visit.check(page) == "connection_enabled"
    assert await visit.check(taken) == "asked_for"


@pytest.fixture
async def other_process(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    async with running(migrated) as product:
        yield product


def test_certificates_are_kept_whole_and_never_as_a_fingerprint(saml: dict[tuple[str, str], Connection]) -> None:
    kept = saml["acme", "plain"].settings

    assert kept["certificates"] == [pair_of("idp").certificate]
    assert not [name for name in kept if "fingerprint" in name]
