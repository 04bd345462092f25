"""python3-saml's reading of a response, with what it does anew for each response done once, or without what it costs needlessly."""

from __future__ import annotations

import threading
from typing import Any

import xmlsec
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from auth.saml.documents import Element, found

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
