"""Reading XML from outside: no DTD, no entities, nothing fetched, of limited size."""

from __future__ import annotations

import re
from typing import TypeAlias

from lxml import etree

from auth.saml.names import NAMESPACES
from tenants.sentences import sentence

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no other name for the type of its elements
_DECLARED = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([^"']+)["']""")


class Unreadable(Exception):
    """Why this is no document that is taken, in words."""


def parsed(text: bytes, largest: int) -> Element:
    """The root of a document in UTF-8. Raises Unreadable."""
    if len(text) > largest:
        raise Unreadable(sentence("more than {most} bytes", most=largest))
    declared = _DECLARED.match(text.lstrip(b"\xef\xbb\xbf \t\r\n"))
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("text that is not UTF-8") from None
    if b"\0" in text or (declared and declared[1].lower() not in {b"utf-8", b"us-ascii"}):
        raise Unreadable("text that is not UTF-8")
    if b"<!" in _without_comments(text):
        raise Unreadable("a document type or CDATA")
    try:
        root = etree.fromstring(text, _parser())
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("something that is not well-formed XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("a document type")
    return root


def found(root: Element, path: str) -> list[Element]:
    """The elements of an XPath that knows the prefixes samlp, saml, md, ds, xenc."""
    result = root.xpath(path, namespaces=NAMESPACES)
    return [node for node in result if isinstance(node, Element)] if isinstance(result, list) else []


def words(element: Element | None) -> str:
    """All the text of an element that holds nothing else."""
    return "" if element is None else "".join(str(text) for text in element.itertext()).strip()


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, encoding="utf-8")


def _without_comments(text: bytes) -> bytes:
    return re.sub(rb"<!--.*?-->", b"", text, flags=re.DOTALL)
