"""A response to a sign-in, verified: python3-saml's strict checks, and those that it leaves to us (SAML 2.0 Profiles, 4.1.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from auth.saml.certificates import KeyPair
from auth.saml.documents import Element, found, words
from auth.saml.envelopes import check_algorithms, check_ids, check_shape, issuer_of, opened, unauthenticated
from auth.saml.library import ABOUT_SIGNATURES, Response, complaint, in_words, settings_of
from auth.saml.metadata import Ours
from auth.saml.names import BEARER, PAIRWISE_ID, SUBJECT_ID, TRANSIENT
from auth.saml.settings import SamlSettings
from auth.saml.validity import check_window, good_certificates, moment, written
from auth.sso.checks import AS_EXPECTED, NOTHING, Checks
from tenants.sentences import as_sentence, sentence

LONGEST_CONFIRMED = timedelta(hours=1)
_SUBJECT_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9=-]{0,126}@[A-Za-z0-9][A-Za-z0-9.-]{0,126}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verified:
    """What the signed assertion says. `answers`: the id of the request it answers, None where nobody has asked. `until`: when it is worthless.

    `instant`: when they have proven who they are at the provider.
    """

    assertion_id: str
    answers: str | None
    until: datetime
    name_id: str
    name_format: str | None
    session_index: str | None
    contexts: tuple[str, ...]
    instant: datetime | None
    attributes: dict[str, tuple[str, ...]]

    @property
    def lasting_id(self) -> str | None:
        """What the person is called at every sign-in; None where nothing that lasts is said."""
        return self.name_id if self.name_format != TRANSIENT else _subject_identifier(self.attributes)


@dataclass(frozen=True, slots=True)
class Expected:
    settings: SamlSettings
    ours: Ours
    keys: Sequence[KeyPair]
    now: datetime

    @property
    def skew(self) -> timedelta:
        return timedelta(seconds=self.settings.clock_skew)


def verify(checks: Checks, encoded: str, expected: Expected) -> Verified:
    """Raises SignInRefused for the first check that does not pass. Whether its request is ours and it comes once is for the caller to ask."""
    root = opened(checks, encoded)
    check_shape(checks, root)
    check_algorithms(checks, root)
    certificates = good_certificates(checks, expected.settings, expected.now)
    _check_ciphers(checks, root, certificates)
    assertion, problem = _assertion(checks, root, encoded, expected, certificates)
    if problem in ABOUT_SIGNATURES:
        _check_verified(checks, problem)
    _check_response(checks, root, assertion, expected)
    _check_conditions(checks, assertion, expected)
    answers, until = _check_confirmation(checks, root, assertion, expected)
    # Much of what the library complains of is among the above, where it is said what was expected; whatever else it is, it is refused.
    _check_verified(checks, problem)
    return _verified(checks, assertion, answers, until, expected)


def _check_ciphers(checks: Checks, root: Element, certificates: list[str]) -> None:
    encrypted = bool(found(root, "saml:EncryptedAssertion"))
    if not encrypted or not unauthenticated(root):
        return
    signed = len(found(root, "ds:Signature")) == 1 and _signature_good(root, certificates)
    checks.require(
        "encryption_signed",
        "encryption that shows changes (GCM), or a response that is signed as a whole",
        "a response that is signed as a whole" if signed else "encryption that shows none (CBC), in a response that is not signed",
        when=signed,
    )


def _signature_good(root: Element, certificates: list[str]) -> bool:
    try:
        return bool(
            OneLogin_Saml2_Utils.validate_sign(etree.tostring(root), xpath=OneLogin_Saml2_Utils.RESPONSE_SIGNATURE_XPATH, multicerts=certificates)
        )
    except Exception:  # noqa: BLE001 - whatever the library raises, the signature is not good
        return False


def _assertion(checks: Checks, root: Element, encoded: str, expected: Expected, certificates: list[str]) -> tuple[Element, str]:
    """And what the library complains of; it is signed where that is nothing."""
    encrypted = bool(found(root, "saml:EncryptedAssertion"))
    wanted = expected.settings.want_encrypted
    checks.require(
        "encrypted",
        "an encrypted statement (assertion)" if wanted else "a statement (assertion), encrypted or not",
        _kind(encrypted=encrypted),
        when=encrypted or not wanted,
    )
    response = _decrypted(checks, encoded, expected, certificates, encrypted=encrypted)
    document = response.get_xml_document()
    if encrypted:
        inside = found(document, "//saml:Assertion")
        checks.require(
            "one_assertion",
            "one statement about the person (assertion)",
            sentence("{number} of them", number=len(inside)),
            when=len(inside) == 1 and inside[0].getparent() is document,
        )
        check_ids(checks, document)
        check_algorithms(checks, document)
    signed = len(found(document, "ds:Signature")), len(found(document, "saml:Assertion/ds:Signature"))
    everywhere = len(found(document, "//ds:Signature"))
    shape = sentence(
        "{response} over the response, {assertion} over the statement (assertion), {elsewhere} elsewhere",
        response=signed[0],
        assertion=signed[1],
        elsewhere=everywhere - sum(signed),
    )
    checks.require(
        "signed",
        "a signature over the response, over the statement (assertion), or over both",
        shape,
        when=everywhere == sum(signed) and max(signed) == 1,
    )
    return found(document, "saml:Assertion")[0], _complaint(response, expected)


def _decrypted(checks: Checks, encoded: str, expected: Expected, certificates: list[str], *, encrypted: bool) -> Response:
    settings = expected.settings
    for pair in expected.keys if encrypted else expected.keys[:1]:
        try:
            given = (expected.ours.entity_id, expected.ours.acs), (settings.entity_id, settings.sso_url), tuple(certificates), pair
            return Response(settings_of(*given, wants_encrypted=settings.want_encrypted), encoded, pair.key)
        except Exception as error:  # noqa: BLE001 - the library raises whatever it meets; each becomes the same refusal
            log.info("saml response not opened", error=type(error).__name__)
    checks.require("decrypted", "what one of our keys opens", "what none of our keys opens", when=False)
    raise AssertionError


def _complaint(response: Response, expected: Expected) -> str:
    url = urlsplit(expected.ours.acs)
    request = {"https": "on" if url.scheme == "https" else "off", "http_host": url.netloc, "script_name": url.path}
    try:
        response.is_valid(request, raise_exceptions=True)
    except Exception as error:  # noqa: BLE001 - as above
        # What the library says may quote the message, so only the kind of its complaint goes into the log.
        problem = complaint(error)
        log.info("saml response refused", complaint=problem)
        return problem
    return ""


def _check_verified(checks: Checks, problem: str) -> None:
    found_words = in_words(problem) if problem else AS_EXPECTED
    checks.require("verified", "a signature by the certificate that is kept here, and the right form", found_words, when=not problem)


def _check_response(checks: Checks, root: Element, assertion: Element, expected: Expected) -> None:
    entity, acs = expected.settings.entity_id, expected.ours.acs
    checks.require("response_issuer", entity, issuer_of(root) or NOTHING, when=issuer_of(root) == entity)
    checks.require("assertion_issuer", entity, issuer_of(assertion) or NOTHING, when=issuer_of(assertion) == entity)
    checks.require("destination", acs, root.get("Destination") or NOTHING, when=root.get("Destination") == acs)
    statements = len(found(assertion, "saml:AuthnStatement"))
    checks.require(
        "authn_statement",
        "when and how they signed in (AuthnStatement), once",
        sentence("{number} of them", number=statements),
        when=statements == 1,
    )
    issued = moment(assertion.get("IssueInstant"))
    checks.require("issued", "a time that is not in the future", written(issued), when=issued is not None and issued <= expected.now + expected.skew)


def _check_conditions(checks: Checks, assertion: Element, expected: Expected) -> None:
    conditions = found(assertion, "saml:Conditions")
    checks.require(
        "conditions",
        "for when and for whom it holds (Conditions), once",
        sentence("{number} of them", number=len(conditions)),
        when=len(conditions) == 1,
    )
    audiences = [words(node) for node in found(assertion, "saml:Conditions/saml:AudienceRestriction/saml:Audience")]
    restrictions = len(found(assertion, "saml:Conditions/saml:AudienceRestriction"))
    own = expected.ours.entity_id
    checks.require("audience", own, ", ".join(audiences) or NOTHING, when=restrictions == 1 and audiences.count(own) == 1)
    check_window(checks, "conditions_time", conditions[0], expected.settings.clock_skew, expected.now)
    for statement in found(assertion, "saml:AuthnStatement"):
        ends = moment(statement.get("SessionNotOnOrAfter"))
        given = statement.get("SessionNotOnOrAfter")
        over = given is not None and (ends is None or ends <= expected.now - expected.skew)
        checks.require("provider_session", "a session at the provider that goes on", given or "no end of it", when=not over)


def _check_confirmation(checks: Checks, root: Element, assertion: Element, expected: Expected) -> tuple[str | None, datetime]:
    confirmations = found(assertion, "saml:Subject/saml:SubjectConfirmation")
    bearer = [node for node in confirmations if node.get("Method") == BEARER]
    data = [one for node in bearer for one in found(node, "saml:SubjectConfirmationData")]
    checks.require(
        "confirmation",
        "one confirmation, for whoever brings it (bearer)",
        sentence("{number} of them", number=len(bearer)),
        when=len(bearer) == len(data) == len(confirmations) == 1,
    )
    said = data[0]
    checks.require("recipient", expected.ours.acs, said.get("Recipient") or NOTHING, when=said.get("Recipient") == expected.ours.acs)
    check_window(checks, "confirmation_time", said, expected.settings.clock_skew, expected.now)
    until = moment(said.get("NotOnOrAfter"))
    latest = expected.now + LONGEST_CONFIRMED + expected.skew
    checks.require("confirmation_end", "an end within an hour", written(until), when=until is not None and until <= latest)
    answers, outside = said.get("InResponseTo"), root.get("InResponseTo")
    agree = answers == outside if outside is not None else True
    checks.require("in_response_to", "the same request named inside and outside", AS_EXPECTED if agree else "two different ones", when=agree)
    if answers is None:
        allowed = expected.settings.idp_initiated
        checks.require("asked_for", "an answer to a sign-in that began here", "one that nobody here has asked for", when=allowed)
    return answers, (until or expected.now) + expected.skew


def _verified(checks: Checks, assertion: Element, answers: str | None, until: datetime, expected: Expected) -> Verified:
    id = assertion.get("ID") or ""
    names = found(assertion, "saml:Subject/saml:NameID")
    name = words(names[0]) if len(names) == 1 else ""
    format = names[0].get("Format") if names else None
    statements = found(assertion, "saml:AuthnStatement")
    verified = Verified(
        id,
        answers,
        until,
        name,
        format,
        statements[0].get("SessionIndex") if statements else None,
        tuple(words(node) for node in found(assertion, "saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef")),
        moment(statements[0].get("AuthnInstant")),
        _attributes(assertion),
    )
    if not expected.settings.attribute_subject:
        checks.require("name_id", "the person's id (NameID)", AS_EXPECTED if name else NOTHING, when=bool(name))
        wanted = as_sentence("an id that lasts: a NameID that is not transient, or the attribute subject-id or pairwise-id")
        checks.require("name_id_format", wanted, (format or "unspecified").rpartition(":")[2], when=verified.lasting_id is not None)
    return verified


def _subject_identifier(attributes: dict[str, tuple[str, ...]]) -> str | None:
    """One value of the form id@scope, whose case does not count (SAML 2.0 Subject Identifier Attributes Profile, 3.3 and 3.4)."""
    values = next((attributes[name] for name in (SUBJECT_ID, PAIRWISE_ID) if name in attributes), ())
    return values[0].lower() if len(values) == 1 and _SUBJECT_IDENTIFIER.fullmatch(values[0]) else None


def _attributes(assertion: Element) -> dict[str, tuple[str, ...]]:
    """By name and by friendly name; the first of a name counts."""
    said: dict[str, tuple[str, ...]] = {}
    for attribute in found(assertion, "saml:AttributeStatement/saml:Attribute"):
        values = tuple(text for text in (words(value) for value in found(attribute, "saml:AttributeValue")) if text)
        for name in (attribute.get("Name"), attribute.get("FriendlyName")):
            if name:
                said.setdefault(name, values)
    return said


def _kind(*, encrypted: bool) -> str:
    return as_sentence("one that is encrypted") if encrypted else as_sentence("one that is not encrypted")
