"""What Imprint is measured against: Litestar and asyncpg.Pool with SQL written by hand for one schema, and nothing else.

Each operation's statement is the least that answers it; there is no GraphQL, no session, no tenant, no policy.
"""

# ruff: noqa: S608 - the texts are constants but for one checked, quoted schema name

from __future__ import annotations

import json
import os
from typing import Any
from uuid import UUID

import asyncpg
from litestar import Litestar, Response, post
from litestar.datastructures import State

from tenants.ids import new_id
from tenants.naming import checked_schema, quoted

URL, SCHEMA, ROLE = (os.environ.get(f"IMPRINT_BENCH_{name}", "") for name in ("URL", "SCHEMA", "ROLE"))
_S = quoted(checked_schema(SCHEMA)) if SCHEMA else ""
_AUTHOR = f"left join lateral (select row_to_json(x) j from (select {{fields}} from {_S}.users a where a.id = p.author_id) x) a on true"
_TAGS = (
    f"left join lateral (select coalesce(json_agg(row_to_json(x)), '[]') j from (select t.name from {_S}.post_tags pt "
    f"join {_S}.tags t on t.id = pt.tag_id where pt.post_id = p.id order by t.name) x) t on true"
)
LIST = (
    "select coalesce(json_agg(row_to_json(r)), '[]') from (select p.id::text id, p.title, a.j author, t.j tags from "
    f"(select id, title, author_id from {_S}.posts where status = 'PUBLISHED' order by published_at desc, id desc limit $1) p "
    f"{_AUTHOR.format(fields='a.id::text id, a.name')} {_TAGS}) r"
)
ONE = (
    "select row_to_json(r) from (select p.id::text id, p.title, p.content, a.j author, t.j tags from "
    f"(select id, title, content, author_id from {_S}.posts where slug = $1) p {_AUTHOR.format(fields='a.name')} {_TAGS}) r"
)
LOAD = (
    f"select p.*, array(select tag_id from {_S}.post_tags t where t.post_id = p.id order by tag_id) as tags, "
    f"array(select user_id from {_S}.post_editors e where e.post_id = p.id order by position) as editors from {_S}.posts p where id = $1"
)
UPDATE = (
    f"update {_S}.posts set title = $3, slug = $4, content = $5, excerpt = $6, status = $7, published_at = $8, seo_title = $9, "
    "seo_description = $10, seo_keywords = $11, featured_image_url = $12, custom_fields = $13, approval_status = $14, approved_by = $15, "
    "approved_at = $16, rejection_reason = $17, updated_at = $18, version = version + 1 where id = $1 and version = $2"
)
HASH = f"select hash from {_S}.domain_events where aggregate_id = $1 and aggregate_version = $2"
EVENT = (
    f"with e as (insert into {_S}.domain_events (id, aggregate_type, aggregate_id, aggregate_version, event_type, event_version, event_data, "
    "metadata, correlation_id, occurred_at, hash) values ($1, 'Post', $2, $3, 'PostEdited', 1, $4, '{}', $5, $6, $7)) "
    "insert into control.outbox (id, event_id, event_type, aggregate_id, aggregate_version, correlation_id) "
    "values ($8, $1, 'PostEdited', $2, $3, $5)"
)
PAYLOAD = f"select row_to_json(r) from (select p.id::text id, p.title, p.version from {_S}.posts p where p.id = $1) r"
FIRST_HUNDRED = 100
SLUG = "post-77"


@post("/list", status_code=200)
async def newest(state: State) -> Response[bytes]:
    found = await state.pool.fetchval(LIST, FIRST_HUNDRED)
    return Response(b'{"data":{"posts":' + found + b"}}", media_type="application/json")


@post("/one", status_code=200)
async def one(state: State) -> Response[bytes]:
    found = await state.pool.fetchval(ONE, SLUG)
    return Response(b'{"data":{"post":' + (found or b"null") + b"}}", media_type="application/json")


@post("/update", status_code=200)
async def update(state: State, data: dict[str, Any]) -> Response[bytes]:
    """The statements of updatePost, by hand, in one transaction; then its payload."""
    post_id = UUID(data["id"])
    async with state.pool.acquire() as connection:
        async with connection.transaction():
            now = await connection.fetchval("select now()")
            row = await connection.fetchrow(LOAD, post_id)
            kept = [row[name] for name in _KEPT]
            await connection.execute(UPDATE, post_id, row["version"], data["title"], *kept, now)
            previous = await connection.fetchval(HASH, post_id, row["version"])
            event = (new_id(), post_id, row["version"] + 1, {"changes": {"title": data["title"]}}, new_id(), now, previous or b"0" * 32, new_id())
            await connection.execute(EVENT, *event)
        payload = await connection.fetchval(PAYLOAD, post_id)
    return Response(b'{"data":{"updatePost":{"post":' + payload + b"}}}", media_type="application/json")


_KEPT = (
    "slug", "content", "excerpt", "status", "published_at", "seo_title", "seo_description", "seo_keywords", "featured_image_url", "custom_fields",
    "approval_status", "approved_by", "approved_at", "rejection_reason",
)  # fmt: skip


async def _prepare(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.set_type_codec("json", schema="pg_catalog", format="binary", decoder=bytes, encoder=bytes)
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    await connection.execute(f"SET ROLE {quoted(ROLE)}")


async def _open(app: Litestar) -> None:
    app.state.pool = await asyncpg.create_pool(URL, min_size=4, max_size=10, init=_prepare)


application = Litestar([newest, one, update], on_startup=[_open], openapi_config=None)
