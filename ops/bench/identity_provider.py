"""A SAML identity provider in this process that says whatever a benchmark or a test wants it to: signed, wrapped, encrypted, broken."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from auth.saml.certificates import KeyPair, bare
from auth.saml.documents import Element
from auth.saml.names import BEARER, EMAIL_ADDRESS, NAMESPACES, SUCCESS
from tenants.ids import new_id

Change = Callable[[Element], Any]
SIGNATURES = {"sha256": (xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA256), "sha1": (xmlsec.Transform.RSA_SHA1, xmlsec.Transform.SHA1)}


@cache
def pair_of(name: str, *, days: int = 365, begins: int = -1) -> KeyPair:
    """A key of 2048 bits, made once per name, with a certificate that begins and ends so many days from now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=days))
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that is good as it stands. None leaves a thing out. `wrong` changes the tree before it is signed, `after` behind that."""

    acs: str | None
    audience: str | None
    issuer: str = "https://idp.example/metadata"
    request: str | None = None
    response_request: str | None = "the same"
    response_issuer: str | None = "the same"
    destination: str | None = "the same"
    recipient: str | None = "the same"
    confirmed_for: float | None = 300
    conditions_for: float | None = 300
    issued: float = 0
    status: str = SUCCESS
    name_id: str = "nell@acme.example"
    name_format: str = EMAIL_ADDRESS
    session_index: str | None = "_s1"
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    signed: str = "assertion"
    signer: KeyPair | None = None
    algorithm: str = "sha256"
    encrypt_to: str | None = None
    cipher: Any = xmlsec.Transform.AES256_GCM
    transport: Any = xmlsec.Transform.RSA_OAEP
    wrong: Change | None = None
    after: Change | None = None

    def tree(self) -> Element:
        root = etree.fromstring(self._text())
        if self.wrong:
            self.wrong(root)
        assertion = one(root, "//saml:Assertion")
        if self.signed in {"assertion", "both"}:
            sign(assertion, self._signer, self.algorithm)
        if self.encrypt_to:
            encrypt(assertion, self.encrypt_to, self.cipher, self.transport)
        if self.signed in {"response", "both"}:
            sign(root, self._signer, self.algorithm)
        if self.after:
            self.after(root)
        return root

    def encoded(self) -> str:
        return base64.b64encode(etree.tostring(self.tree())).decode()

    @property
    def _signer(self) -> KeyPair:
        return self.signer or pair_of("idp")

    def _text(self) -> str:
        now = datetime.now(UTC) + timedelta(seconds=self.issued)
        same = {"destination": self.acs, "recipient": self.acs, "response_issuer": self.issuer, "response_request": self.request}
        said = {name: value if getattr(self, name) == "the same" else getattr(self, name) for name, value in same.items()}
        confirmed = None if self.confirmed_for is None else at(now, self.confirmed_for)
        conditions = None if self.conditions_for is None else at(now, self.conditions_for)
        values = "".join(
            f'<saml:Attribute Name="{name}">{"".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)}</saml:Attribute>'
            for name, values in self.attributes.items()
        )
        issuer = "" if said["response_issuer"] is None else f"<saml:Issuer>{said['response_issuer']}</saml:Issuer>"
        audience = (
            "" if self.audience is None else f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
        )
        return (
            f'<samlp:Response xmlns:samlp="{NAMESPACES["samlp"]}" xmlns:saml="{NAMESPACES["saml"]}" ID="_{new_id().hex}" Version="2.0" '
            f'IssueInstant="{at(now)}"{attribute("Destination", said["destination"])}{attribute("InResponseTo", said["response_request"])}>'
            f'{issuer}<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>'
            f'<saml:Assertion ID="_{new_id().hex}" Version="2.0" IssueInstant="{at(now)}"><saml:Issuer>{self.issuer}</saml:Issuer>'
            f'<saml:Subject><saml:NameID Format="{self.name_format}">{self.name_id}</saml:NameID><saml:SubjectConfirmation Method="{BEARER}">'
            f"<saml:SubjectConfirmationData{attribute('Recipient', said['recipient'])}{attribute('NotOnOrAfter', confirmed)}"
            f"{attribute('InResponseTo', self.request)}/></saml:SubjectConfirmation></saml:Subject>"
            f"<saml:Conditions{attribute('NotOnOrAfter', conditions)}>{audience}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{at(now)}"{attribute("SessionIndex", self.session_index)}><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>"
            "</saml:AuthnContext></saml:AuthnStatement>"
            f"{f'<saml:AttributeStatement>{values}</saml:AttributeStatement>' if values else ''}</saml:Assertion></samlp:Response>"
        )

    def but(self, **given: Any) -> Answer:
        return replace(self, **given)


def sign(element: Element, pair: KeyPair, algorithm: str = "sha256", *, uri: str | None = None) -> Element:
    method, digest = SIGNATURES[algorithm]
    signature: Element = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    element.insert(1, signature)
    xmlsec.tree.add_ids(element, ["ID"])
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{element.get('ID')}" if uri is None else uri)
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair.key, xmlsec.KeyFormat.PEM, None)
    context.key.load_cert_from_memory(pair.certificate, xmlsec.KeyFormat.PEM)
    context.sign(signature)
    return signature


def encrypt(assertion: Element, certificate: str, cipher: Any, transport: Any) -> None:
    """In its place an EncryptedAssertion for whoever has the certificate's key."""
    parent = assertion.getparent()
    if parent is None:
        raise LookupError("an assertion within a response")
    wrapper = etree.SubElement(parent, f"{{{NAMESPACES['saml']}}}EncryptedAssertion")
    parent.replace(assertion, wrapper)
    wrapper.append(assertion)
    data = xmlsec.template.encrypted_data_create(wrapper, cipher, type=xmlsec.EncryptionType.ELEMENT, ns="xenc")
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    key = xmlsec.template.add_encrypted_key(info, transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(certificate, xmlsec.KeyFormat.CERT_PEM, None))
    context = xmlsec.EncryptionContext(manager)
    kind, bits = (xmlsec.KeyData.DES, 192) if cipher == xmlsec.Transform.DES3 else (xmlsec.KeyData.AES, 256)
    context.key = xmlsec.Key.generate(kind, bits, xmlsec.KeyDataType.SESSION)
    context.encrypt_xml(data, assertion)


def metadata(
    *certificates: str, entity_id: str = "https://idp.example/metadata", sso: str = "https://idp.example/sso", binding: str = "Redirect",
    slo: str = "", wants_signed: bool = False,
) -> str:  # fmt: skip
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{bare(each)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'
        "</md:KeyDescriptor>"
        for each in certificates
    )
    out = f'<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{slo}"/>' if slo else ""
    return (
        f'<md:EntityDescriptor xmlns:md="{NAMESPACES["md"]}" xmlns:ds="{NAMESPACES["ds"]}" entityID="{entity_id}">'
        f'<md:IDPSSODescriptor WantAuthnRequestsSigned="{str(wants_signed).lower()}" protocolSupportEnumeration="{NAMESPACES["samlp"]}">{keys}{out}'
        f'<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}" Location="{sso}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def request_in(location: str) -> tuple[Element, dict[str, str]]:
    """The message in an address that leads to the provider, and the address's parameters."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    packed = query.get("SAMLRequest") or query["SAMLResponse"]
    return etree.fromstring(zlib.decompress(base64.b64decode(packed), -zlib.MAX_WBITS)), query


def one(root: Element, path: str) -> Element:
    found = root.xpath(path, namespaces=NAMESPACES)
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], Element):
        raise LookupError(path)
    return found[0]


def at(now: datetime, seconds: float = 0) -> str:
    return (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{value}"'
