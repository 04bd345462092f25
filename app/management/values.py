"""What an organization is called."""

from __future__ import annotations

from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_NAME = 120


def organization_name(text: str) -> str:
    """Raises ValidationFailed."""
    name = " ".join(cleaned(text).split())
    wrong = objection(name, longest=LONGEST_NAME, shortest=1)
    if wrong:
        raise ValidationFailed({"name": wrong})
    return name
