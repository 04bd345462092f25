"""Slugs from titles in any script: ASCII letters, digits and hyphens only, so that no two look alike."""

from __future__ import annotations

import re

from anyascii import anyascii

LONGEST = 80
_GAPS = re.compile(r"[^a-z0-9]+")
SHAPE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug_from(title: str, fallback: str) -> str:
    """The title transliterated; `fallback` where nothing of it can be (a title of symbols only)."""
    return cut(_GAPS.sub("-", anyascii(title).lower().replace("'", "")).strip("-")) or fallback


def cut(slug: str, room: int = LONGEST) -> str:
    """At most `room` characters, at a hyphen where one is near enough."""
    if len(slug) <= room:
        return slug
    head = slug[:room]
    at = head.rfind("-")
    return (head[:at] if at > room // 2 else head).strip("-")


def numbered(slug: str, number: int) -> str:
    """The slug with a number behind it, still within the limit."""
    suffix = f"-{number}"
    return cut(slug, LONGEST - len(suffix)) + suffix


def objection(slug: str) -> str | None:
    if len(slug) > LONGEST:
        return f"takes at most {LONGEST} characters, this has {len(slug)}"
    if not SHAPE.fullmatch(slug):
        return "takes lower-case letters a-z and digits, in words joined by single hyphens"
    return None
