"""The languages of pages and mails, and which of them somebody asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

ENGLISH = "en"
OFFERED: Mapping[str, str] = MappingProxyType({"en": "English", "de": "Deutsch", "fr": "Français"})
"""By BCP 47 tag, what each calls itself."""
LONGEST = 500


def offered(tag: str | None) -> str | None:
    """The language that a tag (BCP 47) names, if there is one here: de for de-AT."""
    code = (tag or "").strip().lower().partition("-")[0]
    return code if code in OFFERED else None


def first(tags: Iterable[str]) -> str | None:
    return next((code for tag in tags if (code := offered(tag))), None)


def listed(text: str | None) -> str | None:
    """Of tags in order of preference with spaces between, as OpenID Connect's `ui_locales` has them (Core 1.0, 3.1.2.1)."""
    return first((text or "")[:LONGEST].split())


def accepted(header: str | None) -> str | None:
    """Of an Accept-Language header (RFC 9110, 12.5.4): the one with the greatest weight, of equal ones the first."""
    ranges = [_weighed(part) for part in (header or "")[:LONGEST].split(",")]
    return first(tag for weight, tag in sorted(ranges, key=lambda each: -each[0]) if weight > 0)


def _weighed(part: str) -> tuple[float, str]:
    tag, _, parameter = part.partition(";")
    name, _, weight = parameter.strip().partition("=")
    try:
        return (float(weight) if name.strip().lower() == "q" else 1.0), tag
    except ValueError:
        return 0.0, tag
