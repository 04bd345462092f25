"""What a file says of its organization, before anything is made by its word: whoever has the key may have written anything."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from tenants.errors import ValidationFailed
from tenants.tiers import HIGHEST, LIMITS, quotas_of
from tenants.transfer.errors import ExportNotTaken

LONGEST_TEXT = 120  # organizations' names may be as long; everything else is shorter


def text(field: str, value: object) -> str:
    """A line of it. Raises ExportNotTaken."""
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_TEXT:
        raise ExportNotTaken(f"its {field} is no text of 1 to {LONGEST_TEXT} characters")
    if value != " ".join(value.split()) or any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ExportNotTaken(f"its {field} is no single line of text")
    return value


def tier(value: object) -> str:
    """Raises ExportNotTaken for one that there is not."""
    name = text("tier", value)
    try:
        quotas_of(name)
    except ValidationFailed as unknown:
        raise ExportNotTaken(f"of its tier: {unknown.fields['tier']}") from None
    return name


def quotas(value: object) -> dict[str, Any]:
    """The limits that this release knows, by name. Raises ExportNotTaken."""
    if not isinstance(value, Mapping):
        raise ExportNotTaken("its quotas are no limits by name")
    found = {name: value[name] for name in LIMITS if value.get(name) is not None}
    for name, limit in found.items():
        if type(limit) is not int or not 1 <= limit <= HIGHEST:
            raise ExportNotTaken(f"its limit of {name} is no whole number from 1 to {HIGHEST:,}")
    return found
