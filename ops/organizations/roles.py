"""An organization's roles as they are now, for operators."""

from __future__ import annotations

from tenants.database import Database
from tenants.errors import NotFound
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement

ROLES = statement("SELECT name, permissions FROM __tenant__.roles ORDER BY cardinality(permissions), name")


async def roles_of(database: Database, settings: TenantSettings, slug: str) -> dict[str, frozenset[str]]:
    """Permissions by role, from the least to the most. Raises NotFound."""
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_slug(slug)
    if tenant is None:
        raise NotFound(f"There is no organization {slug!r}; `imprint tenants list` shows those there are.")
    async with database.reading(tenant.place) as connection:
        return {row["name"]: frozenset(row["permissions"]) for row in await connection.fetch(ROLES)}
