"""A provider's messages about signing out, verified (SAML 2.0 Profiles, 4.4; Bindings, 3.4.4.1)."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from auth.saml.arrivals import Arrived
from auth.saml.documents import Element, found, words
from auth.saml.envelopes import LARGEST, check_algorithms, check_ids, issuer_of, opened, read
from auth.saml.names import PROTOCOL, SIGNATURES, SUCCESS
from auth.saml.responses import Expected
from auth.saml.validity import good_certificates, moment, written
from auth.sso.checks import AS_EXPECTED, NOTHING, Checks

FRESH = timedelta(minutes=5)
_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_SIGNED = ("RelayState", "SigAlg")


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """Whose sessions the provider wants ended: those named, or all of the person where none is."""

    id: str
    name_id: str
    name_format: str | None
    session_indexes: tuple[str, ...]
    until: datetime


def asked(checks: Checks, arrived: Arrived, expected: Expected) -> LogoutAsked:
    """Raises SignInRefused."""
    root = _verified(checks, arrived, expected, "LogoutRequest")
    end = root.get("NotOnOrAfter")
    until = moment(end)
    over = end is not None and (until is None or until <= expected.now - expected.skew)
    checks.require("logout_time", "a request that is good still", end or "no end of it", when=not over)
    names = found(root, "saml:NameID")
    name = words(names[0]) if len(names) == 1 else ""
    checks.require("logout_name", "the person's id (NameID)", AS_EXPECTED if name else NOTHING, when=bool(name))
    indexes = tuple(words(node) for node in found(root, "samlp:SessionIndex"))
    return LogoutAsked(root.get("ID") or "", name, names[0].get("Format"), indexes, expected.now + FRESH + 2 * expected.skew)


def answered(checks: Checks, arrived: Arrived, expected: Expected) -> str:
    """The id of our request that the provider answers. Raises SignInRefused, also where it did not succeed."""
    root = _verified(checks, arrived, expected, "LogoutResponse")
    codes = [code.get("Value", "") for code in found(root, "samlp:Status/samlp:StatusCode")]
    checks.require(
        "logout_status",
        "that the provider says yes (Success)",
        ", ".join(code.rpartition(":")[2] for code in codes) or NOTHING,
        when=codes == [SUCCESS],
    )
    return root.get("InResponseTo") or ""


def _verified(checks: Checks, arrived: Arrived, expected: Expected, kind: str) -> Element:
    certificates = good_certificates(checks, expected.settings, expected.now)
    root = _posted(checks, arrived, certificates, kind) if arrived.posted else _queried(checks, arrived, certificates)
    checks.require("message_kind", kind, str(root.tag).rpartition("}")[2], when=root.tag == f"{{{PROTOCOL}}}{kind}")
    checks.require("issuer", expected.settings.entity_id, issuer_of(root) or NOTHING, when=issuer_of(root) == expected.settings.entity_id)
    checks.require("destination", expected.ours.slo, root.get("Destination") or NOTHING, when=root.get("Destination") == expected.ours.slo)
    issued = moment(root.get("IssueInstant"))
    fresh = issued is not None and abs(issued - expected.now) <= FRESH + expected.skew
    checks.require("issued", "a time of the last minutes", written(issued), when=fresh)
    return root


def _posted(checks: Checks, arrived: Arrived, certificates: Sequence[str], kind: str) -> Element:
    root = opened(checks, arrived.posted)
    check_ids(checks, root)
    check_algorithms(checks, root)
    own, all_of_them = found(root, "ds:Signature"), found(root, "//ds:Signature")
    good = len(own) == len(all_of_them) == 1 and _library_agrees(root, certificates, kind)
    checks.require("signed", "the provider's signature", AS_EXPECTED if good else "another one, or none", when=good)
    return root


def _library_agrees(root: Element, certificates: Sequence[str], kind: str) -> bool:
    try:
        return bool(OneLogin_Saml2_Utils.validate_sign(etree.tostring(root), xpath=f"/samlp:{kind}/ds:Signature", multicerts=list(certificates)))
    except Exception:  # noqa: BLE001 - whatever the library raises, the signature is not good
        return False


def _queried(checks: Checks, arrived: Arrived, certificates: Sequence[str]) -> Element:
    raw = _pairs(arrived.query)
    message = raw.get(arrived.field, "")
    algorithm = unquote_plus(raw.get("SigAlg", ""))
    checks.require("signature_algorithm", "RSA or ECDSA with SHA-2", algorithm.rpartition("#")[2] or NOTHING, when=algorithm in SIGNATURES)
    text = "&".join(f"{name}={raw[name]}" for name in (arrived.field, *_SIGNED) if name in raw)
    signature = _decoded(unquote_plus(raw.get("Signature", "")))
    good = any(_signature_good(certificate, algorithm, signature, text.encode()) for certificate in certificates)
    checks.require("signed", "the provider's signature", AS_EXPECTED if good else "another one, or none", when=good)
    return read(checks, _inflated(unquote_plus(message)))


def _pairs(query: str) -> dict[str, str]:
    """As they were sent, since that is what is signed; one that comes twice counts as none."""
    pairs = [pair.partition("=") for pair in query.split("&")]
    names = [name for name, _, _ in pairs]
    return {name: value for name, _, value in pairs if names.count(name) == 1}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _inflated(text: str) -> bytes:
    """At most one byte more than is taken."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(_decoded(text), LARGEST + 1)
    except zlib.error:
        return b""


def _signature_good(certificate: str, algorithm: str, signature: bytes, text: bytes) -> bool:
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    name, _, digest = algorithm.rpartition("#")[2].partition("-")
    try:
        if isinstance(key, rsa.RSAPublicKey) and name == "rsa":
            key.verify(signature, text, padding.PKCS1v15(), _HASHES[digest])
        elif isinstance(key, ec.EllipticCurvePublicKey) and name == "ecdsa":
            key.verify(signature, text, ec.ECDSA(_HASHES[digest]))
        else:
            return False
    except InvalidSignature:
        return False
    return True
