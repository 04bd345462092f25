"""Posts of tenants, written past the application, and the index that is built over them."""

from __future__ import annotations

from migrations.plan import Options
from tenants.settings import TenantSettings
from tests.integration.migrations.watching import schema_of
from tests.integration.owner import as_owner

LARGE = Options(index_rows=10, index_patience=0.6, halt_at=1.0)
"""A run to which eleven posts are too many to be locked for an index."""
INDEX = (
    "SELECT i.indisvalid FROM pg_index i JOIN control.organizations o ON i.indexrelid = to_regclass(format('%I.%I', o.schema, $2::text)) "
    "WHERE o.slug = $1"
)
POST = (
    "INSERT INTO {schema}.posts (id, created_at, updated_at, version, title, slug, content, author_id, status, approval_status) "
    "SELECT gen_random_uuid(), now(), now(), 1, 'title ' || n, 's' || n, 'x', u.id, 'DRAFT', 'NONE' "
    "FROM generate_series(1, {count}) n, {schema}.users u"
)
USER = (
    "INSERT INTO {schema}.roles (id, created_at, updated_at, version, name, permissions) "
    "VALUES (gen_random_uuid(), now(), now(), 1, 'author', '{{}}'); "
    "INSERT INTO {schema}.users (id, created_at, updated_at, version, username, name, role, status) "
    "VALUES (gen_random_uuid(), now(), now(), 1, 'a', 'A', 'author', 'active')"
)


async def fill_posts(settings: TenantSettings, slug: str, count: int) -> None:
    schema = await schema_of(settings, slug)
    async with as_owner(settings) as owner:
        await owner.execute(USER.format(schema=schema))
        await owner.execute(POST.format(schema=schema, count=count))


async def titles_in(settings: TenantSettings, slug: str) -> set[str]:
    schema = await schema_of(settings, slug)
    async with as_owner(settings) as owner:
        return {row["title"] for row in await owner.fetch(f"SELECT title FROM {schema}.posts")}
