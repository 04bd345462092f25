"""What is looked at before a signature is: size, encoding, no document type, nothing hidden, only algorithms that are taken here."""

from __future__ import annotations

import base64
import binascii

from auth.saml.documents import Element, Unreadable, found, parsed, words
from auth.saml.names import (
    AUTHENTICATED_CIPHERS,
    CANONICAL,
    DIGESTS,
    KEY_TRANSPORTS,
    SIGNATURES,
    TRANSFORMS,
    UNAUTHENTICATED_CIPHERS,
)
from auth.sso.checks import AS_EXPECTED, NOTHING, Checks, words_of
from tenants.sentences import sentence

LARGEST = 256 * 1024
LARGEST_BASE64 = LARGEST * 4 // 3 + 4
ASSERTIONS = "//saml:Assertion | //saml:EncryptedAssertion"


def opened(checks: Checks, encoded: str) -> Element:
    """The root of a message that came by POST."""
    checks.require(
        "message_size",
        sentence("at most {most} bytes", most=LARGEST),
        sentence("{number} bytes", number=len(encoded) * 3 // 4),
        when=len(encoded) <= LARGEST_BASE64,
    )
    try:
        # Some providers break the lines of their base64; nothing else that does not belong there is passed over.
        text = base64.b64decode(encoded.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        text = b""
    checks.require(
        "message_encoding", "a message in base64, as browsers carry it", AS_EXPECTED if text else "something else, or nothing", when=bool(text)
    )
    return read(checks, text)


def read(checks: Checks, text: bytes) -> Element:
    try:
        root = parsed(text, LARGEST)
    except Unreadable as problem:
        checks.require("message_xml", "an XML document without a document type", words_of(problem), when=False)
        raise
    checks.require("message_xml", "an XML document without a document type", AS_EXPECTED, when=True)
    hidden = root.xpath("//comment() | //processing-instruction()")
    checks.require("message_plain", "no comments or instructions, behind which changes hide", "some" if hidden else AS_EXPECTED, when=not hidden)
    return root


def check_shape(checks: Checks, root: Element) -> None:
    """One assertion, right below the response; ids that stand for one element each."""
    right = root.tag == "{urn:oasis:names:tc:SAML:2.0:protocol}Response"
    checks.require("message_kind", "the answer to a sign-in (Response)", AS_EXPECTED if right else _plain(root.tag), when=right)
    all_of_them = found(root, ASSERTIONS)
    placed = [node for node in all_of_them if node.getparent() is root]
    status = found(root, "samlp:Status/samlp:StatusCode")
    words_of_it = " / ".join(code.get("Value", "").rpartition(":")[2] for code in found(root, "samlp:Status//samlp:StatusCode"))
    success = len(status) == 1 and status[0].get("Value", "") == "urn:oasis:names:tc:SAML:2.0:status:Success"
    checks.require("status", "that the provider says yes (Success)", AS_EXPECTED if success else words_of_it or NOTHING, when=success)
    checks.require(
        "one_assertion",
        "one statement about the person (assertion)",
        sentence("{number} of them", number=len(all_of_them)),
        when=len(all_of_them) == len(placed) == 1,
    )
    check_ids(checks, root)


def check_ids(checks: Checks, root: Element) -> None:
    ids = [value for node in root.iter() for name, value in node.items() if name in {"ID", "Id", "id"}]
    checks.require(
        "ids_unique",
        "names of its parts (ID) that occur once each",
        "one that occurs again" if len(set(ids)) < len(ids) else AS_EXPECTED,
        when=len(set(ids)) == len(ids),
    )


def check_algorithms(checks: Checks, root: Element) -> None:
    """Raises SignInRefused for an algorithm that is not on the list, and for signatures made in an unusual way."""
    for name, path, allowed in (
        ("signature_algorithm", "//ds:SignatureMethod", SIGNATURES),
        ("canonicalization", "//ds:CanonicalizationMethod", CANONICAL),
        ("transforms", "//ds:Transform", TRANSFORMS),
        ("digest_algorithm", "//ds:Reference/ds:DigestMethod", DIGESTS),
        ("encryption_algorithm", "//xenc:EncryptedData/xenc:EncryptionMethod", AUTHENTICATED_CIPHERS | UNAUTHENTICATED_CIPHERS),
        ("key_transport", "//xenc:EncryptedKey/xenc:EncryptionMethod", KEY_TRANSPORTS),
    ):
        used = [node.get("Algorithm", "none") for node in found(root, path)]
        strange = [algorithm for algorithm in used if algorithm not in allowed]
        if used:
            listed = ", ".join(sorted({_short(algorithm) for algorithm in allowed}))
            checks.require(name, sentence("one of {names}", names=listed), ", ".join(map(_short, strange or used)), when=not strange)
    for signature in found(root, "//ds:Signature"):
        _check_reference(checks, signature)
    for data in found(root, "//xenc:EncryptedData"):
        checks.require("encryption_algorithm", "one that is named", NOTHING, when=bool(found(data, "xenc:EncryptionMethod")))
    for key in found(root, "//xenc:EncryptedKey"):
        checks.require("key_transport", "one that is named", NOTHING, when=bool(found(key, "xenc:EncryptionMethod")))


def unauthenticated(root: Element) -> bool:
    """Whether something is encrypted in a way that does not show when it was changed."""
    return any(node.get("Algorithm") in UNAUTHENTICATED_CIPHERS for node in found(root, "//xenc:EncryptedData/xenc:EncryptionMethod"))


def _check_reference(checks: Checks, signature: Element) -> None:
    parent = signature.getparent()
    references = found(signature, ".//ds:Reference")
    own = f"#{parent.get('ID', '')}" if parent is not None else ""
    good = len(references) == 1 and len(own) > 1 and references[0].get("URI") == own and not found(signature, ".//ds:Object")
    checks.require(
        "signed_reference", "a signature over the very part that it stands in", AS_EXPECTED if good else "one over another part", when=good
    )


def issuer_of(element: Element) -> str:
    issuers = found(element, "saml:Issuer")
    return words(issuers[0]) if len(issuers) == 1 else ""


def _short(algorithm: str) -> str:
    """Like rsa-sha256, of which the address that names it says no more."""
    name = algorithm.rpartition("/")[2]
    return (name.partition("#")[2] if name.startswith(("xmldsig", "xmlenc")) else name) or algorithm


def _plain(tag: object) -> str:
    return str(tag).rpartition("}")[2]
