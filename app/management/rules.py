"""What a setting takes: kinds of rules, each with its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from app.shared import json_schemas
from app.shared.text import cleaned, objection

LONGEST_URL = 2000
# The accent stands below white text and on white paper (WCAG 2.2, 1.4.3).
LEAST_CONTRAST = 4.5
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")

Objections = dict[str, str]
"""What is wrong, by the path below the setting; "" is the setting itself."""


class Rule(Protocol):
    """What a setting takes."""

    @property
    def default(self) -> Any: ...

    def read(self, value: Any) -> Any:
        """The value as it is kept, where nothing is wrong with it."""

    def objections(self, value: Any) -> Objections: ...


@dataclass(frozen=True, slots=True)
class Flag:
    default: bool

    def read(self, value: Any) -> Any:
        return value

    def objections(self, value: Any) -> Objections:
        return {} if isinstance(value, bool) else {"": "takes true or false"}


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[str, ...]
    default: str

    def read(self, value: Any) -> Any:
        return value

    def objections(self, value: Any) -> Objections:
        return {} if value in self.options else {"": f"takes one of {', '.join(self.options)}"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within limits."""

    least: int
    most: int
    default: int

    def read(self, value: Any) -> Any:
        return int(value)

    def objections(self, value: Any) -> Objections:
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
        return {} if whole and self.least <= value <= self.most else {"": f"takes a whole number from {self.least} to {self.most}"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text."""

    longest: int
    default: None = None

    def read(self, value: Any) -> Any:
        return " ".join(cleaned(value).split())

    def objections(self, value: Any) -> Objections:
        wrong = objection(self.read(value), longest=self.longest, shortest=1) if isinstance(value, str) else "takes text"
        return {"": wrong} if wrong else {}


@dataclass(frozen=True, slots=True)
class AccentColor:
    """Dark enough for white text on it, so for itself on white."""

    default: None = None

    def read(self, value: Any) -> Any:
        return value.lower()

    def objections(self, value: Any) -> Objections:
        if not isinstance(value, str) or not _COLOR.fullmatch(value):
            return {"": "takes a colour like #1f5f5b"}
        contrast = contrast_with_white(value)
        if contrast >= LEAST_CONTRAST:
            return {}
        return {"": f"is too light for white text on it: its contrast is {contrast:.1f}:1, at least {LEAST_CONTRAST}:1 is needed; take a darker one"}


@dataclass(frozen=True, slots=True)
class SecureUrl:
    default: None = None

    def read(self, value: Any) -> Any:
        return value.strip()

    def objections(self, value: Any) -> Objections:
        return {} if isinstance(value, str) and _secure(value.strip()) else {"": f"takes an https:// address of at most {LONGEST_URL} characters"}


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """The JSON Schema of an object."""

    default: None = None

    def read(self, value: Any) -> Any:
        return value

    def objections(self, value: Any) -> Objections:
        return json_schemas.objections(value)


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks of IP addresses (RFC 4632, RFC 4291); none: all of them."""

    most: int
    default: list[str] = field(default_factory=list)

    def read(self, value: Any) -> Any:
        return sorted({str(ip_network(one.strip())) for one in value})

    def objections(self, value: Any) -> Objections:
        if not isinstance(value, list) or len(value) > self.most or not all(isinstance(one, str) for one in value):
            return {"": f"takes a list of at most {self.most} networks like 192.0.2.0/24 or 2001:db8::/32"}
        return {str(at): wrong for at, one in enumerate(value) if (wrong := _about_network(one))}


@dataclass(frozen=True, slots=True)
class People:
    """Ids of people."""

    most: int
    default: list[str] = field(default_factory=list)

    def read(self, value: Any) -> Any:
        return sorted({str(UUID(one)) for one in value})

    def objections(self, value: Any) -> Objections:
        whole = isinstance(value, list) and len(value) <= self.most and all(isinstance(one, str) and _ID.fullmatch(one) for one in value)
        return {} if whole else {"": f"takes a list of at most {self.most} ids of people"}


Rules = Mapping[str, Rule]


def contrast_with_white(color: str) -> float:
    """The contrast ratio (WCAG 2.2) of a colour like #1f5f5b and white."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB's own numbers


def _about_network(text: str) -> str | None:
    try:
        ip_network(text.strip())
    except ValueError:
        return "is no network: give its first address and how many bits it fixes, like 192.0.2.0/24"
    return None


def _secure(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            len(url) <= LONGEST_URL
            and url.isprintable()
            and not re.search(r"[\s\"'<>\\;,]", url)
            and parts.scheme == "https"
            and bool(parts.hostname)
            and not parts.username
            and not parts.password
            and parts.port != 0
        )
    except ValueError:
        return False
