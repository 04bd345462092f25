"""python3-saml's reading of a response, with what it does anew for each response done once, or without what it costs needlessly."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

import xmlsec
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from auth.saml.certificates import KeyPair
from auth.saml.documents import Element, found
from tenants.sentences import as_sentence, sentence

_COMPLAINTS = {
    "invalid_signature": as_sentence("a signature by another certificate, or over another text"),
    "no_signature_found": as_sentence("no signature that counts"),
    "response_expired": as_sentence("an answer that came too late"),
    "assertion_expired": as_sentence("an answer that came too late"),
    "invalid_xml_format": as_sentence("XML that does not follow the schema of SAML"),
}
# What it looks at last: whatever else it complains of, it has not come to them yet.
ABOUT_SIGNATURES = frozenset({"invalid_signature", "no_signature_found"})
MOST_KNOWN = 256
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


@lru_cache(maxsize=MOST_KNOWN)
def settings_of(
    ours: tuple[str, str], theirs: tuple[str, str], certificates: tuple[str, ...], pair: KeyPair, *, wants_encrypted: bool
) -> OneLogin_Saml2_Settings:
    """As the library wants them. `ours`: entity id and ACS; `theirs`: entity id and where sign-ins begin.

    Made once, since it breaks the lines of every key and certificate, which takes longer than checking a signature; it only reads them afterwards.
    """
    settings: dict[str, Any] = {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": ours[0],
            "assertionConsumerService": {"url": ours[1]},
            "x509cert": pair.certificate,
            "privateKey": pair.key,
        },
        "idp": {
            "entityId": theirs[0],
            "singleSignOnService": {"url": theirs[1]},
            "x509certMulti": {"signing": list(certificates), "encryption": list(certificates[:1])},
        },
        "security": {
            "wantAssertionsSigned": False,
            "wantAttributeStatement": False,
            "rejectDeprecatedAlgorithm": True,
            "allowSingleLabelDomains": True,
            "requestedAuthnContext": False,
            "wantAssertionsEncrypted": wants_encrypted,
        },
    }
    return OneLogin_Saml2_Settings(settings, sp_validation_only=True)


def complaint(error: Exception) -> str:
    """What the library has found, by its name for that; what it says itself may quote the message."""
    code = getattr(error, "code", None)
    known = (name for name, value in vars(OneLogin_Saml2_ValidationError).items() if name.isupper() and value == code)
    return next(known, type(error).__name__).lower()


def in_words(name: str) -> str:
    """A complaint for whoever set the connection up."""
    return sentence("{words} ({name})", words=_COMPLAINTS[name], name=name) if name in _COMPLAINTS else name
