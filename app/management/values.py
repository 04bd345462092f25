"""What an organization is called and what it can decide for itself: each setting with its limits, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from app.management.rules import AccentColor, Choice, Flag, Line, Networks, ObjectSchema, People, Rules, SecureUrl, Whole
from app.shared import languages
from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_NAME = 120
LONGEST_TAGLINE = 200
LONGEST_PATH = 80

Tree = Mapping[str, Any]


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

`signIn.trustProviders`: whether who comes through an identity provider is asked for no second factor here; owners who have one are.
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
