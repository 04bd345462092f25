"""Responses that nobody may come in with: each is refused with one page, no session, and the exact check in the audit log."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import xmlsec
from litestar.types import ASGIApp
from lxml import etree

from auth.saml.names import DSIG, PROTOCOL, SUBJECT_ID, TRANSIENT
from auth.sso.connections import Connection
from ops.bench.identity_provider import Answer, one, pair_of, sign
from tenants.settings import TenantSettings
from tests.integration.auth.conftest import client_at
from tests.integration.conftest import House
from tests.integration.serving import running
from tests.saml.visiting import SECRETS, Visit
from tests.saml.wrapping import WRAPPINGS

Visiting = Callable[..., Visit]


def _tampered(root: etree._Element) -> None:
    one(root, "//saml:NameID").text = "owner@acme.example"


def _hmac(root: etree._Element) -> None:
    """Signed symmetrically, with what everybody knows of the provider: its certificate."""
    assertion = one(root, "./saml:Assertion")
    signature = xmlsec.template.create(assertion, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.HMAC_SHA256, ns="ds")
    assertion.insert(1, signature)
    xmlsec.tree.add_ids(assertion, ["ID"])
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{assertion.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, pair_of("idp").certificate.encode())
    context.sign(signature)


def _with_transform(algorithm: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        etree.SubElement(one(root, "//ds:Transforms"), f"{{{DSIG}}}Transform", Algorithm=algorithm)

    return change


def _set(path: str, name: str, value: str | None) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        element = one(root, path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


def _removed(path: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        element = one(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def _doubled(path: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        element = one(root, path)
        element.addnext(etree.fromstring(etree.tostring(element)))

    return change


def _text(path: str, text: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        one(root, path).text = text

    return change


def _comment(root: etree._Element) -> None:
    """Canonicalization leaves comments out, so the signature holds: a reader that stops at them reads another name."""
    name = one(root, "//saml:NameID")
    whole = name.text or ""
    name.text, comment = whole[:4], etree.Comment("")
    comment.tail = whole[4:]
    name.append(comment)


def _same_id(root: etree._Element) -> None:
    root.set("ID", one(root, "./saml:Assertion").get("ID") or "")


def _whole_document_signed(root: etree._Element) -> None:
    sign(one(root, "./saml:Assertion"), pair_of("idp"), uri="")


def _nothing(root: etree._Element) -> None:
    """As it is."""


CONFIRMATION = "//saml:SubjectConfirmationData"
ACS = "http://acme.localhost:8000/auth/saml/plain/acs"
# The line, what the answer is but for which it were good, and the check that it fails.
FORGED: dict[str, tuple[dict[str, Any], str]] = {
    "not signed": ({"signed": "none"}, "signed"),
    "changed after it was signed": ({"after": _tampered}, "verified"),
    "another key in KeyInfo": ({"signer": pair_of("evil")}, "verified"),
    "HMAC with the public certificate": ({"signed": "none", "after": _hmac}, "signature_algorithm"),
    "SHA-1": ({"algorithm": "sha1"}, "signature_algorithm"),
    "a transform that is not on the list": ({"after": _with_transform("http://www.w3.org/TR/1999/REC-xslt-19991116")}, "transforms"),
    "XPath as a transform": ({"after": _with_transform("http://www.w3.org/TR/1999/REC-xpath-19991116")}, "transforms"),
    "a canonicalization that is not on the list": (
        {"after": _set("//ds:CanonicalizationMethod", "Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")}, "canonicalization",
    ),
    "a digest that is not on the list": ({"after": _set("//ds:Reference/ds:DigestMethod", "Algorithm", f"{DSIG}sha1")}, "digest_algorithm"),
    "a signature over the whole document": ({"signed": "none", "after": _whole_document_signed}, "signed_reference"),
    "a comment within the name": ({"after": _comment}, "message_plain"),
    "an id twice": ({"after": _same_id}, "ids_unique"),
    "two assertions": ({"after": _doubled("./saml:Assertion")}, "one_assertion"),
    "foreign status": ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "status"),
    "another issuer of the assertion": ({"issuer": "https://evil.example", "response_issuer": "https://plain.acme.idp.example/metadata"}, "verified"),
    "another issuer of the response": ({"response_issuer": "https://evil.example"}, "verified"),
    "an empty issuer of the response": ({"response_issuer": ""}, "response_issuer"),
    "no issuer of the response": ({"response_issuer": None}, "response_issuer"),
    "no audience": ({"audience": None}, "audience"),
    "another audience": ({"audience": "https://other.example"}, "verified"),
    "our audience twice": ({"wrong": _doubled("//saml:Audience")}, "audience"),
    "two restrictions of the audience": ({"wrong": _doubled("//saml:AudienceRestriction")}, "audience"),
    "no destination": ({"destination": None}, "destination"),
    "an empty destination": ({"destination": ""}, "verified"),
    "a destination that merely starts with ours": ({"destination": f"{ACS}/more"}, "destination"),
    "another destination": ({"destination": "https://other.example/acs"}, "verified"),
    "no recipient": ({"recipient": None}, "recipient"),
    "a recipient that merely contains ours": ({"recipient": f"https://evil.example/?{ACS}"}, "recipient"),
    "another recipient": ({"recipient": "https://evil.example"}, "verified"),
    "no end anywhere": ({"confirmed_for": None, "conditions_for": None}, "confirmation_end"),
    "confirmed for more than an hour": ({"confirmed_for": 3800}, "confirmation_end"),
    "conditions that ended 70 seconds ago": ({"conditions_for": -70}, "conditions_time"),
    "conditions that ended 290 seconds ago": ({"conditions_for": -290}, "conditions_time"),
    "confirmation that ended": ({"confirmed_for": -1}, "verified"),
    "issued in the future": ({"issued": 100}, "issued"),
    "conditions that begin later": ({"wrong": _set("//saml:Conditions", "NotBefore", "2126-01-01T00:00:00Z")}, "verified"),
    "two confirmations": ({"wrong": _doubled("//saml:SubjectConfirmation")}, "confirmation"),
    "a confirmation that is not of a bearer": (
        {"wrong": _set("//saml:SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")}, "verified",
    ),
    "no InResponseTo though a request was sent": ({"request": None}, "asked_for"),
    "an unsigned wrapper that supplies InResponseTo": ({"wrong": _set(CONFIRMATION, "InResponseTo", None)}, "in_response_to"),
    "an unsigned wrapper that names another request": ({"after": _set(".", "InResponseTo", "_other")}, "verified"),
    "no conditions": ({"wrong": _removed("//saml:Conditions")}, "verified"),
    "no name": ({"wrong": _removed("//saml:NameID")}, "name_id"),
    "a name that does not last": ({"name_format": TRANSIENT}, "name_id_format"),
    "a name that does not last, with two subject ids": (
        {"name_format": TRANSIENT, "attributes": {SUBJECT_ID: ("nell@acme.example", "mo@acme.example")}}, "name_id_format",
    ),
    "a name that does not last, with a subject id of no scope": ({"name_format": TRANSIENT, "attributes": {SUBJECT_ID: ("nell",)}}, "name_id_format"),
    "a provider's session that is over": ({"wrong": _set("//saml:AuthnStatement", "SessionNotOnOrAfter", "2020-01-01T00:00:00Z")}, "verified"),
    "another kind of message": ({"after": lambda root: setattr(root, "tag", f"{{{PROTOCOL}}}LogoutResponse")}, "message_kind"),
    "RSA-1.5 key transport": (
        {"encrypt_to": SECRETS["certificate"], "signed": "both", "transport": xmlsec.Transform.RSA_PKCS1}, "key_transport",
    ),
    "CBC within a response that is not signed": ({"encrypt_to": SECRETS["certificate"], "cipher": xmlsec.Transform.AES256}, "encryption_signed"),
    "CBC within a response that others signed": (
        {"encrypt_to": SECRETS["certificate"], "cipher": xmlsec.Transform.AES256, "signed": "both", "signer": pair_of("evil")}, "encryption_signed",
    ),
    "triple DES": ({"encrypt_to": SECRETS["certificate"], "signed": "both", "cipher": xmlsec.Transform.DES3}, "encryption_algorithm"),
    "encrypted for somebody else": ({"encrypt_to": pair_of("evil").certificate}, "decrypted"),
    "encrypted, but not signed": ({"encrypt_to": SECRETS["certificate"], "signed": "none"}, "signed"),
    "SHA-1 within what is encrypted": ({"encrypt_to": SECRETS["certificate"], "algorithm": "sha1"}, "signature_algorithm"),
}  # fmt: skip


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

    assert await visit.check(await visit.send(base64.b64encode(etree.tostring(tree)).decode())) == "verified"


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


async def test_what_is_meant_for_one_organization_is_worth_nothing_at_another(visiting: Visiting, globex: House, visit: Visit) -> None:
    there = visiting("plain", at="globex")
    theirs = await there.good()
    here = await visit.ask()

    page = await visit.send(theirs.but(request=here))

    assert there.ours.entity_id != visit.ours.entity_id
    assert there.ours.acs != visit.ours.acs
    assert await visit.check(page) == "verified"


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
