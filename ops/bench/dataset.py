"""The data that reads are measured on: authors, tags, and posts of two kilobytes with three tags each."""

from __future__ import annotations

from tenants.database import AdminConnection, connect_as_admin
from tenants.naming import SchemaName, quoted
from tenants.registry import Tenant
from tenants.settings import TenantSettings

AUTHORS, TAGS = 100, 50
TABLES = ("users", "tags", "posts", "post_tags")

_AUTHORS = """
    INSERT INTO {schema}.users (id, username, name, role, status, version, created_at, updated_at)
    SELECT md5('author' || i)::uuid, 'author-' || i, 'Author ' || i, 'author', 'active', 1, now(), now() FROM generate_series(1, {authors}) i
"""
_TAGS = """
    INSERT INTO {schema}.tags (id, name, slug, version, created_at, updated_at)
    SELECT md5('tag' || i)::uuid, 'tag-' || i, 'tag-' || i, 1, now(), now() FROM generate_series(1, {tags}) i
"""
_POSTS = """
    INSERT INTO {schema}.posts (id, title, slug, content, author_id, status, published_at, approval_status, version, created_at, updated_at)
    SELECT md5('post' || i)::uuid, 'Post number ' || i || ' about topic ' || (i % 97), 'post-' || i, left(repeat(md5(i::text) || ' ', 63), 2048),
           md5('author' || (1 + (i * 37) % {authors}))::uuid,
           CASE WHEN i % 10 = 0 THEN 'DRAFT' WHEN i % 10 = 9 THEN 'IN_REVIEW' ELSE 'PUBLISHED' END,
           CASE WHEN i % 10 IN (0, 9) THEN NULL ELSE timestamptz '2025-01-01 00:00:00+00' + i * interval '1 hour' END,
           'NONE', 1, now(), now()
    FROM generate_series(1, {posts}) i
"""
_POST_TAGS = """
    INSERT INTO {schema}.post_tags (post_id, tag_id)
    SELECT md5('post' || i)::uuid, md5('tag' || (1 + (i + k * 17) % {tags}))::uuid FROM generate_series(1, {posts}) i, generate_series(0, 2) k
"""


async def fill(settings: TenantSettings, tenant: Tenant, posts: int) -> None:
    """Put the dataset into an organization that has none, past the bus: only reads are measured on it."""
    async with connect_as_admin(settings.admin_database_url) as admin:
        await admin.run(f"SET ROLE {quoted(settings.owner_role)}; SET imprint.door = 'bus'")
        await fill_schema(admin, tenant.place.schema, posts=posts, authors=AUTHORS, tags=TAGS)
        for table in TABLES:
            await admin.run(f"VACUUM ANALYZE {quoted(tenant.place.schema)}.{table}")


async def fill_schema(admin: AdminConnection, schema: SchemaName, *, posts: int, authors: int, tags: int) -> None:
    """As the owner role already."""
    for text in (_AUTHORS, _TAGS, _POSTS, _POST_TAGS):
        await admin.run(text.format(schema=quoted(schema), authors=authors, tags=tags, posts=posts))
