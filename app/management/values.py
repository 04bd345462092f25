"""What an organization is called and what it can decide for itself: each setting with its limits, once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from app.shared import json_schemas, languages
from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_NAME = 120
LONGEST_TAGLINE = 200
LONGEST_URL = 2000
LONGEST_PATH = 80
# The accent stands below white text and on white paper (WCAG 2.2, 1.4.3).
LEAST_CONTRAST = 4.5
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")

Tree = Mapping[str, Any]
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
SETTINGS: Rules = MappingProxyType(
    {
        "language": Choice(tuple(languages.TEXT_SEARCH), languages.DEFAULT),
        "customFields": ObjectSchema(),
    }
)
BRANDING: Rules = MappingProxyType({"accentColor": AccentColor(), "logoUrl": SecureUrl(), "tagline": Line(LONGEST_TAGLINE)})
POLICIES: Rules = MappingProxyType(
    {
        "reading.public": Flag(default=True),
        "comments.moderation": Choice(("open", "first-time", "all"), "first-time"),
        "comments.guests": Flag(default=False),
        "posts.approvals": Whole(1, 5, 1),
        "posts.selfApproval": Flag(default=False),
        "passwords.shortest": Whole(8, 64, 12),
        "signIn.secondFactor": Choice(("optional", "required"), "optional"),
        "signIn.trustProviders": Flag(default=True),
        "signIn.enforced": Flag(default=False),
        "signIn.breakGlass": People(10),
        "signIn.allowedNetworks": Networks(100),
        "signIn.rememberDays": Whole(0, 90, 30),
        "sessions.hours": Whole(1, 720, 720),
        "sessions.idleHours": Whole(1, 720, 168),
    }
)
"""By path. `sessions`: the installation may end them earlier, never later.

`signIn.trustProviders`: whether who comes through an identity provider is asked for no second factor here.
`signIn.enforced`: everybody comes through a provider, but for the owners in `signIn.breakGlass`; see `auth.enforced`.
`signIn.allowedNetworks`: from where people sign in and act; from everywhere where there are none.
`signIn.rememberDays`: for how many days a device may be remembered on which somebody gave their second factor; 0: never.
"""


LOCKS = ("signIn.enforced", "signIn.breakGlass", "signIn.allowedNetworks")
"""What a copy of an organization does not keep: its connections are switched off there, its second factors are gone, its people elsewhere."""


def unlocked(policies: Tree) -> dict[str, Any]:
    return changed(policies, dict.fromkeys(LOCKS))


def organization_name(text: str) -> str:
    """Raises ValidationFailed."""
    name = " ".join(cleaned(text).split())
    wrong = objection(name, longest=LONGEST_NAME, shortest=1)
    if wrong:
        raise ValidationFailed({"name": wrong})
    return name


def changes(rules: Rules, given: Any, field: str, wrong: dict[str, str]) -> dict[str, Any]:
    """What is given, by path; None: back to the default. What is wrong with it is added to `wrong`, by path below `field`."""
    if not isinstance(given, dict):
        wrong[field] = "takes a JSON object"
        return {}
    found: dict[str, Any] = {}
    for path, value in _leaves(rules, given, ""):
        rule = rules.get(path)
        if rule is None:
            wrong[f"{field}.{path[:LONGEST_PATH]}"] = _unknown(rules, path)
        elif value is None:
            found[path] = None
        elif objections := rule.objections(value):
            wrong.update({f"{field}.{path}.{below}".rstrip("."): why for below, why in objections.items()})
        else:
            found[path] = rule.read(value)
    return found


def _unknown(rules: Rules, path: str) -> str:
    below = [name.removeprefix(f"{path}.") for name in rules if name.startswith(f"{path}.")]
    return f"takes an object with {', '.join(below)}" if below else f"is not known; there are {', '.join(rules)}"


def _leaves(rules: Rules, given: Tree, above: str) -> Iterator[tuple[str, Any]]:
    """Null for a group is null for each of its settings."""
    for key, value in given.items():
        path = f"{above}{key}"
        below = [name for name in rules if name.startswith(f"{path}.")]
        if below and value is None:
            yield from ((name, None) for name in below)
        elif below and isinstance(value, dict):
            yield from _leaves(rules, value, f"{path}.")
        else:
            yield path, value


def value_at(rules: Rules, kept: Tree, path: str) -> Any:
    """What holds: what was chosen, else the default."""
    found: Any = kept
    for step in path.split("."):
        if not isinstance(found, dict) or step not in found:
            return rules[path].default
        found = found[step]
    return found


def changed(kept: Tree, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A tree of its own, with these paths set, and those without a value gone."""
    tree = dict(kept)
    for path, value in changes.items():
        first, _, rest = path.partition(".")
        below = tree.get(first)
        new = changed(below if isinstance(below, dict) else {}, {rest: value}) if rest else value
        if new is None or (rest and not new):
            tree.pop(first, None)
        else:
            tree[first] = new
    return tree


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
