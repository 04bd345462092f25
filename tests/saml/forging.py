"""Answers of a SAML provider that are good but for one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xmlsec
from lxml import etree

from auth.saml.names import DSIG, PROTOCOL, SUBJECT_ID, TRANSIENT
from ops.bench.identity_provider import one, pair_of, sign
from tests.saml.visiting import SECRETS


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


CONFIRMATION = "//saml:SubjectConfirmationData"
ACS = "http://acme.localhost:8000/auth/saml/plain/acs"
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
    "another issuer of the assertion": (
        {"issuer": "https://evil.example", "response_issuer": "https://plain.acme.idp.example/metadata"}, "assertion_issuer",
    ),
    "another issuer of the response": ({"response_issuer": "https://evil.example"}, "response_issuer"),
    "an empty issuer of the response": ({"response_issuer": ""}, "response_issuer"),
    "no issuer of the response": ({"response_issuer": None}, "response_issuer"),
    "no audience": ({"audience": None}, "audience"),
    "another audience": ({"audience": "https://other.example"}, "audience"),
    "our audience twice": ({"wrong": _doubled("//saml:Audience")}, "audience"),
    "two restrictions of the audience": ({"wrong": _doubled("//saml:AudienceRestriction")}, "audience"),
    "no destination": ({"destination": None}, "destination"),
    "an empty destination": ({"destination": ""}, "destination"),
    "a destination that merely starts with ours": ({"destination": f"{ACS}/more"}, "destination"),
    "another destination": ({"destination": "https://other.example/acs"}, "destination"),
    "no recipient": ({"recipient": None}, "recipient"),
    "a recipient that merely contains ours": ({"recipient": f"https://evil.example/?{ACS}"}, "recipient"),
    "another recipient": ({"recipient": "https://evil.example"}, "recipient"),
    "no end anywhere": ({"confirmed_for": None, "conditions_for": None}, "confirmation_end"),
    "confirmed for more than an hour": ({"confirmed_for": 3800}, "confirmation_end"),
    "confirmed until the end of the calendar": ({"wrong": _set(CONFIRMATION, "NotOnOrAfter", "9999-12-31T23:59:59Z")}, "confirmation_end"),
    "conditions that ended before the calendar began": (
        {"wrong": _set("//saml:Conditions", "NotOnOrAfter", "0001-01-01T00:00:00+14:00")}, "conditions_time",
    ),
    "conditions that ended 70 seconds ago": ({"conditions_for": -70}, "conditions_time"),
    "conditions that ended 290 seconds ago": ({"conditions_for": -290}, "conditions_time"),
    "confirmation that ended": ({"confirmed_for": -1}, "verified"),
    "issued in the future": ({"issued": 100}, "issued"),
    "conditions that begin later": ({"wrong": _set("//saml:Conditions", "NotBefore", "2126-01-01T00:00:00Z")}, "conditions_time"),
    "two confirmations": ({"wrong": _doubled("//saml:SubjectConfirmation")}, "confirmation"),
    "a confirmation that is not of a bearer": (
        {"wrong": _set("//saml:SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")}, "confirmation",
    ),
    "no InResponseTo though a request was sent": ({"request": None}, "asked_for"),
    "an unsigned wrapper that supplies InResponseTo": ({"wrong": _set(CONFIRMATION, "InResponseTo", None)}, "in_response_to"),
    "an unsigned wrapper that names another request": ({"after": _set(".", "InResponseTo", "_other")}, "in_response_to"),
    "no conditions": ({"wrong": _removed("//saml:Conditions")}, "conditions"),
    "no statement of a sign-in": ({"wrong": _removed("//saml:AuthnStatement")}, "authn_statement"),
    "two statements of a sign-in": ({"wrong": _doubled("//saml:AuthnStatement")}, "authn_statement"),
    "no name": ({"wrong": _removed("//saml:NameID")}, "name_id"),
    "a name that does not last": ({"name_format": TRANSIENT}, "name_id_format"),
    "a name that does not last, with two subject ids": (
        {"name_format": TRANSIENT, "attributes": {SUBJECT_ID: ("nell@acme.example", "mo@acme.example")}}, "name_id_format",
    ),
    "a name that does not last, with a subject id of no scope": ({"name_format": TRANSIENT, "attributes": {SUBJECT_ID: ("nell",)}}, "name_id_format"),
    "a provider's session that is over": (
        {"wrong": _set("//saml:AuthnStatement", "SessionNotOnOrAfter", "2020-01-01T00:00:00Z")}, "provider_session",
    ),
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
"""By name: what the answer is but for which it were good, and the check that it fails."""
