"""python3-saml's reading of a response, with what it does anew for each response done once, or without what it costs needlessly."""

from __future__ import annotations

import threading
from typing import Any

import xmlsec
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from auth.saml.documents import Element, found
from tenants.sentences import as_sentence, sentence

_COMPLAINTS = {
    "invalid_signature": as_sentence("a signature by another certificate, or over another text"),
    "no_signature_found": as_sentence("no signature that counts"),
    "response_expired": as_sentence("an answer that came too late"),
    "assertion_expired": as_sentence("an answer that came too late"),
    "wrong_audience": as_sentence("an answer for somebody else"),
    "wrong_issuer": as_sentence("an answer of another provider"),
    "invalid_xml_format": as_sentence("XML that does not follow the schema of SAML"),
}
_schemas = threading.local()


class Response(OneLogin_Saml2_Response):  # type: ignore[misc] # it carries no types
    """`key`: the private key, in PEM, that opens what is encrypted."""

    def __init__(self, settings: OneLogin_Saml2_Settings, response: str, key: str) -> None:
        self._key = key
        super().__init__(settings, response)

    def _decrypt_assertion(self, xml: Element) -> Element:
        """As the library does it, but without a keys manager: a new one reads all the certificates that the machine trusts."""
        (encrypted,) = found(xml, "saml:EncryptedAssertion")
        (data,) = found(encrypted, "xenc:EncryptedData")
        (wrapped,) = found(encrypted, ".//xenc:EncryptedKey")
        unwrapping = xmlsec.EncryptionContext()
        unwrapping.key = xmlsec.Key.from_memory(self._key, xmlsec.KeyFormat.PEM, None)
        session_key = unwrapping.decrypt(wrapped)
        opening = xmlsec.EncryptionContext()
        opening.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.AES, session_key)
        xml.replace(encrypted, opening.decrypt(data))
        return xml


def _compiled(tree: Any) -> etree.XMLSchema:
    """Compiling takes longer than all else that a response is looked at for. One for each thread: lxml promises no more."""
    known: dict[str, etree.XMLSchema] = _schemas.__dict__.setdefault("known", {})
    url = str(tree.docinfo.URL)
    if url not in known:
        known[url] = etree.XMLSchema(tree)
    return known[url]


OneLogin_Saml2_XML._schema_class = staticmethod(_compiled)  # noqa: SLF001 - the one place where the library lets schemas be kept


def complaint(error: Exception) -> str:
    """What the library has found, by its name for that; what it says itself may quote the message."""
    code = getattr(error, "code", None)
    known = (name for name, value in vars(OneLogin_Saml2_ValidationError).items() if name.isupper() and value == code)
    name = next(known, type(error).__name__).lower()
    return sentence("{words} ({name})", words=_COMPLAINTS[name], name=name) if name in _COMPLAINTS else name
