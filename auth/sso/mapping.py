"""From a provider's groups to a role here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GroupRoles = Sequence[tuple[str, str]]
OWNER = "owner"


def role_of(groups: Iterable[str], rules: GroupRoles, default: str) -> str | None:
    """The role of the first rule whose group is among these, whatever their case; the default where none is.

    None where there are no rules: then groups say nothing of roles.
    """
    if not rules:
        return None
    held = {group.casefold() for group in groups}
    return next((role for group, role in rules if group.casefold() in held), default)
