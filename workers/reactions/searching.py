"""Search follows the organization's language."""

from __future__ import annotations

from app.content.projections import follow_language
from app.content.recounts import FOLLOWS_LANGUAGE
from workers.reactions.registry import Reacting, reacts_to


@reacts_to("OrganizationConfigured", name=FOLLOWS_LANGUAGE)
async def index_in_language(reacting: Reacting) -> None:
    """Posts that were indexed before are found by words of the new language from here on."""
    await follow_language(reacting.transaction)
