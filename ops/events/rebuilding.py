"""`imprint events rebuild`: the projections that can be made again from an organization's events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.content.projections import find_former_slugs, index_all_posts, recount_publications
from app.engagement.recounts import count_anew
from auth.realms.realms import Realms
from tenants.database import Database, repeatable
from tenants.errors import NotFound
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.transaction import Cause, Transaction, transaction
from workers.reactions.publications import PUBLICATIONS
from workers.realms import build

HOME_REALMS = "home_realms"
PROJECTIONS: dict[str, Callable[[Transaction], Awaitable[None]]] = {
    "publication_counts": lambda tx: recount_publications(tx, PUBLICATIONS),
    "search": index_all_posts,
    "former_slugs": find_former_slugs,
    "engagement": count_anew,
}


@repeatable
async def rebuild(database: Database, settings: TenantSettings, slug: str, projection: str) -> None:
    """While the organization is at work, what lies inside of it in one transaction. Raises NotFound for a slug or a projection that there is not."""
    make = PROJECTIONS.get(projection)
    if make is None and projection != HOME_REALMS:
        raise NotFound(f"There is no projection {projection!r}; these can be made again: {', '.join((*PROJECTIONS, HOME_REALMS))}.")
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_slug(slug)
    if tenant is None:
        raise NotFound(f"There is no organization {slug!r}; `imprint tenants list` shows those there are.")
    if make is None:
        await build(database, Realms(database, Keyring(settings.secret_keys)), tenant)
        return
    async with transaction(database, tenant, Cause(new_id())) as tx:
        await tx.connection.simple("SET LOCAL statement_timeout = 0")
        await make(tx)
