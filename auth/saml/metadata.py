"""A provider's metadata as settings, and ours for the provider (SAML 2.0 Metadata)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from auth.saml.certificates import bare
from auth.saml.documents import Element, Unreadable, found, parsed, words
from auth.saml.names import DSIG, EMAIL_ADDRESS, ENCRYPTIONS, METADATA, PERSISTENT, POST, PROTOCOL, REDIRECT
from tenants.sentences import sentence

LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ours:
    """The addresses of a connection, as its provider knows them. `entity_id` is also where the metadata is."""

    entity_id: str
    acs: str
    slo: str


def provider_of(text: bytes, entity_id: str | None = None) -> dict[str, Any]:
    """The settings that metadata says. `entity_id` chooses where there are several providers. Raises Unreadable."""
    root = parsed(text, LARGEST)
    roles = found(root, "//md:IDPSSODescriptor")
    if entity_id:
        roles = [role for role in roles if _entity(role).get("entityID") == entity_id]
    if not roles and entity_id:
        raise Unreadable(sentence("no identity provider (IDPSSODescriptor) named {name}", name=entity_id))
    if not roles:
        raise Unreadable("no identity provider (IDPSSODescriptor)")
    if len({_entity(role) for role in roles}) > 1:
        raise Unreadable("several identity providers: say which by its entity id")
    role = roles[0]
    _check_fresh(role, _entity(role), root)
    sso, sso_binding, _ = _endpoint(role, "SingleSignOnService")
    slo, slo_binding, slo_response = _endpoint(role, "SingleLogoutService")
    formats = [words(node) for node in found(role, "md:NameIDFormat")]
    return {
        "entity_id": _entity(role).get("entityID"),
        "sso_url": sso,
        "sso_binding": sso_binding,
        "slo_url": slo,
        "slo_binding": slo_binding,
        "slo_response_url": slo_response,
        "certificates": [
            words(node) for node in found(role, "md:KeyDescriptor[not(@use) or @use='signing']/ds:KeyInfo/ds:X509Data/ds:X509Certificate")
        ],
        "sign_requests": role.get("WantAuthnRequestsSigned") in {"true", "1"},
        "name_id_format": next((wanted for wanted in (PERSISTENT, EMAIL_ADDRESS) if wanted in formats), None),
    }


def ours(addresses: Ours, certificates: Sequence[str], *, sign_requests: bool, name_id_format: str | None) -> bytes:
    """Every certificate is published for both uses, so that a provider knows the next one before it is used.

    Providers that choose how to encrypt by what the other side takes (Metadata, 2.4.1.1) find that beside the certificate, the best first.
    """
    entity = etree.Element(f"{{{METADATA}}}EntityDescriptor", nsmap={"md": METADATA, "ds": DSIG}, entityID=addresses.entity_id)
    signed = "true" if sign_requests else "false"
    role = _below(entity, "SPSSODescriptor", AuthnRequestsSigned=signed, WantAssertionsSigned="true", protocolSupportEnumeration=PROTOCOL)
    for use in ("signing", "encryption"):
        for certificate in certificates:
            descriptor = _below(role, "KeyDescriptor", use=use)
            data = etree.SubElement(etree.SubElement(descriptor, f"{{{DSIG}}}KeyInfo"), f"{{{DSIG}}}X509Data")
            etree.SubElement(data, f"{{{DSIG}}}X509Certificate").text = bare(certificate)
            for algorithm in ENCRYPTIONS if use == "encryption" else ():
                _below(descriptor, "EncryptionMethod", Algorithm=algorithm)
    for binding in (REDIRECT, POST):
        _below(role, "SingleLogoutService", Binding=binding, Location=addresses.slo)
    # Providers that are not told what is wanted often send a name that is another at each sign-in.
    for wanted in (name_id_format,) if name_id_format else (PERSISTENT, EMAIL_ADDRESS):
        _below(role, "NameIDFormat").text = wanted
    _below(role, "AssertionConsumerService", Binding=POST, Location=addresses.acs, index="0", isDefault="true")
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _below(parent: Element, name: str, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{METADATA}}}{name}", attributes)


def _entity(role: Element) -> Element:
    parent = role.getparent()
    if parent is None:
        raise Unreadable("an IDPSSODescriptor outside of an EntityDescriptor")
    return parent


def _check_fresh(*elements: Element) -> None:
    for element in elements:
        until = element.get("validUntil")
        if until is None:
            continue
        try:
            ends = datetime.fromisoformat(until)
        except ValueError:
            raise Unreadable("a validUntil that is no time") from None
        if ends.replace(tzinfo=ends.tzinfo or UTC) < datetime.now(UTC):
            raise Unreadable(sentence("metadata that was valid until {until}", until=until))


def _endpoint(role: Element, name: str) -> tuple[str | None, str, str | None]:
    """Its address, the binding, and where answers go if elsewhere. Redirect before POST, which needs a page in between."""
    for short, binding in (("redirect", REDIRECT), ("post", POST)):
        for node in found(role, f"md:{name}"):
            if node.get("Binding") == binding and node.get("Location"):
                return node.get("Location"), short, node.get("ResponseLocation")
    return None, "redirect", None
