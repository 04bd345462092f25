"""What happened to the organization, as those who configure it may see it."""

from __future__ import annotations

from typing import Any

from app.management.organizations import Organization
from app.shared.past import history_of


def _organization(organization: Organization) -> dict[str, Any]:
    """What its people and its operator have chosen, without what holds by default."""
    same = ("slug", "name", "tier", "settings", "branding", "policies", "suspended")
    return {name: getattr(organization, name) for name in same}


organization_history = history_of(Organization, _organization)
