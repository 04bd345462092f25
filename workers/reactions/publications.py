"""Counting each author's published posts."""

from __future__ import annotations

from app.content.events import PostArchived, PostDeleted, PostExpired, PostPublished, PostUnpublished
from app.content.projections import count_publication
from app.shared.events import from_store
from workers.reactions.registry import Reacting, reacts_to

PUBLICATIONS = "content.count_publications"


@reacts_to("PostPublished", "PostUnpublished", "PostExpired", "PostArchived", "PostDeleted", name=PUBLICATIONS)
async def count_publications(reacting: Reacting) -> None:
    event = reacting.event
    match from_store(event.type, event.type_version, event.data):
        case PostPublished(author_id=author):
            await count_publication(reacting.transaction, author, 1)
        case (
            PostUnpublished(author_id=author)
            | PostExpired(author_id=author, was_published=True)
            | PostArchived(author_id=author, was_published=True)
            | PostDeleted(author_id=author, was_published=True)
        ):
            await count_publication(reacting.transaction, author, -1)
        case _:
            return
