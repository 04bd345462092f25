"""What we send: messages as XML, and how a browser carries them (SAML 2.0 Bindings, 3.4 and 3.5)."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from auth.saml.certificates import KeyPair
from auth.saml.documents import Element
from auth.saml.names import ASSERTION, POST, PROTOCOL, RSA_SHA256
from auth.saml.settings import Binding, SamlSettings


@dataclass(frozen=True, slots=True)
class Sent:
    """What the browser takes to the provider: to `url` as it is, or with `fields` by a form where there are any."""

    url: str
    fields: dict[str, str]


def authn_request(settings: SamlSettings, issuer: str, acs: str, id: str, *, anew: bool = False) -> Element:
    force = {"ForceAuthn": "true"} if anew else {}
    request = _message("AuthnRequest", id, issuer, settings.sso_url, ProtocolBinding=POST, AssertionConsumerServiceURL=acs, **force)
    if settings.name_id_format:
        etree.SubElement(request, f"{{{PROTOCOL}}}NameIDPolicy", Format=settings.name_id_format, AllowCreate="true")
    return request


def logout_request(issuer: str, destination: str, id: str, name_id: str, name_format: str | None, session_index: str | None) -> Element:
    request = _message("LogoutRequest", id, issuer, destination)
    name = etree.SubElement(request, f"{{{ASSERTION}}}NameID", {"Format": name_format} if name_format else {})
    name.text = name_id
    if session_index:
        etree.SubElement(request, f"{{{PROTOCOL}}}SessionIndex").text = session_index
    return request


def logout_response(issuer: str, destination: str, id: str, answers: str, status: str) -> Element:
    response = _message("LogoutResponse", id, issuer, destination, InResponseTo=answers)
    etree.SubElement(etree.SubElement(response, f"{{{PROTOCOL}}}Status"), f"{{{PROTOCOL}}}StatusCode", Value=status)
    return response


def sent(message: Element, to: str, binding: Binding, *, field: str, relay: str | None, signer: KeyPair | None) -> Sent:
    """The message on its way. `field`: SAMLRequest or SAMLResponse."""
    if binding == "post":
        text = etree.tostring(message).decode()
        if signer is not None:
            signed = OneLogin_Saml2_Utils.add_sign(text, signer.key, signer.certificate)
            text = signed.decode() if isinstance(signed, bytes) else signed
        fields = {field: base64.b64encode(text.encode()).decode()}
        return Sent(to, fields | ({"RelayState": relay} if relay else {}))
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = compressor.compress(etree.tostring(message)) + compressor.flush()
    given = {field: base64.b64encode(packed).decode()} | ({"RelayState": relay} if relay else {})
    query = urlencode(given | ({"SigAlg": RSA_SHA256} if signer else {}))
    if signer is not None:
        query += "&" + urlencode({"Signature": _signature(signer.key, query.encode())})
    return Sent(f"{to}{'&' if urlsplit(to).query else '?'}{query}", {})


def _message(name: str, id: str, issuer: str, destination: str, **attributes: str) -> Element:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    message = etree.Element(
        f"{{{PROTOCOL}}}{name}",
        {"ID": id, "Version": "2.0", "IssueInstant": now, "Destination": destination, **attributes},
        nsmap={"samlp": PROTOCOL, "saml": ASSERTION},
    )
    etree.SubElement(message, f"{{{ASSERTION}}}Issuer").text = issuer
    return message


def _signature(key: str, text: bytes) -> str:
    loaded = serialization.load_pem_private_key(key.encode(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)  # noqa: S101 - ours are
    return base64.b64encode(loaded.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
