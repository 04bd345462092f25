"""Views, likes and shares are added up while they come; what trends is ranked anew a little later, and once a day."""

from __future__ import annotations

from app.engagement import projections
from app.engagement.projections import Work
from workers.reactions.registry import Firing, Reacting, fires, reacts_to


@fires(Work.COUNT)
async def count(firing: Firing) -> None:
    await projections.count(firing.transaction, firing.due_at)


@fires(Work.RANK)
async def rank(firing: Firing) -> None:
    await projections.rank(firing.transaction, firing.due_at)


@fires(Work.RANK_DAILY)
async def rank_daily(firing: Firing) -> None:
    await projections.rank(firing.transaction, firing.due_at, daily=True)


@reacts_to("UserErased", name="engagement.count_without")
async def count_without(reacting: Reacting) -> None:
    """Their likes went with them."""
    await projections.count_soon(reacting.transaction)


@reacts_to("OrganizationReceived", name="engagement.begin_again")
async def begin_again(reacting: Reacting) -> None:
    """Timers do not travel with an organization, changes that are not counted yet do."""
    await projections.begin_again(reacting.transaction)
