"""What an organization has decided about signing in, and what it is called and looks like there. `app.management` provides it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from tenants.registry import Tenant


@dataclass(frozen=True, slots=True)
class Decided:
    """`public_reading`: whether people who are not signed in may read. A session ends `session` after it began, or `idle` after it was last used.

    `second_factor_required`: of everybody. `providers_trusted`: who comes through an identity provider is asked for none here.
    `language`: the one it writes in (BCP 47).
    """

    name: str
    public_reading: bool
    shortest_password: int
    session: timedelta
    idle: timedelta
    accent_color: str | None = None
    logo_url: str | None = None
    tagline: str | None = None
    second_factor_required: bool = False
    providers_trusted: bool = True
    language: str | None = None


class Policies(Protocol):
    """What organizations have decided, at most a few seconds ago."""

    async def of(self, tenant: Tenant) -> Decided: ...

    def forget(self, tenant: Tenant) -> None:
        """This process hears of a change at once."""
