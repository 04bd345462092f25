"""A library of posts in every state, in an organization of its own, and an engine to ask about it."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar.types import ASGIApp

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from app.api.schema import schema
from app.bus import Bus
from app.comments.sealing import signed
from app.comments.values import Guest
from app.management.decisions import Decisions
from app.users.accounts import Members
from auth.principal import ANONYMOUS, Principal
from auth.service import Auth
from auth.settings import AuthSettings
from auth.sso.connections import sealed_secrets
from ops.demo.load import load_people
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from ops.founding import found
from tenants.database import Connection, Database
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.resolver import Resolver
from tenants.secrets import Keyring, TenantKey
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.operations.arguments import SEARCHED
from tests.integration.api.reference.world import World
from tests.integration.conftest import House
from tests.integration.serving import running

POST = statement(
    """
    INSERT INTO __tenant__.posts (id, created_at, updated_at, created_by, updated_by, version, title, slug, content, excerpt, author_id, status,
      published_at, scheduled_at, seo_keywords, custom_fields, approval_status, approved_by, rejection_reason, beginning, reading_minutes)
    VALUES (:id, :created_at, :updated_at, :created_by, :created_by, 1, :title, :slug, :content, :excerpt, :author_id, :status,
      CAST(:published_at AS timestamptz), CAST(:scheduled_at AS timestamptz), CAST(:keywords AS text[]), CAST(:custom_fields AS jsonb),
      :approval_status, CAST(:approved_by AS uuid), :rejection_reason, :beginning, :minutes)
    """
)
TAG = statement(
    "INSERT INTO __tenant__.tags (id, created_at, updated_at, version, name, slug) VALUES (:id, :now, :now, 1, :name, :slug)",
)
POST_TAG = statement("INSERT INTO __tenant__.post_tags (post_id, tag_id) VALUES (:post_id, :tag_id)")
SYNONYM = statement("INSERT INTO __tenant__.tag_synonyms (slug, tag_id, name) VALUES (:slug, :tag_id, :name)")
CATEGORY = statement(
    """
    INSERT INTO __tenant__.categories (id, created_at, updated_at, version, name, slug, parent_id, rank)
    VALUES (:id, :now, :now, 1, :name, :slug, CAST(:parent AS uuid), :rank)
    """
)
POST_CATEGORY = statement("INSERT INTO __tenant__.post_categories (post_id, category_id) VALUES (:post_id, :category_id)")
POST_EDITOR = statement("INSERT INTO __tenant__.post_editors (post_id, user_id, position) VALUES (:post_id, :user_id, :position)")
APPROVAL = statement("INSERT INTO __tenant__.post_approvals (id, post_id, user_id, given_at, position) VALUES (:id, :post, :user, :at, :position)")
FORMER_SLUG = statement("INSERT INTO __tenant__.post_slugs (slug, post_id, left_at) VALUES (:slug, :post, :at)")
COMMENT = statement(
    """
    INSERT INTO __tenant__.comments (id, created_at, updated_at, created_by, version, post_id, author_id, parent_id, depth, body, status,
      waits_because, edited_at, moderated_by, moderated_at, tombstone, guest_key, guest_name, guest_email, guest_email_index)
    VALUES (:id, :at, :at, :by, 1, :post_id, CAST(:author_id AS uuid), CAST(:parent_id AS uuid), :depth, :body, :status,
      CAST(:waits AS text), CAST(:edited_at AS timestamptz), CAST(:moderated_by AS uuid), CAST(:moderated_at AS timestamptz), :tombstone,
      CAST(:guest_key AS bytea), CAST(:guest_name AS text), CAST(:guest_email AS bytea), CAST(:guest_index AS bytea))
    """
)
NOTIFICATION = statement(
    """
    INSERT INTO __tenant__.notifications (id, user_id, kind, event_id, subject_id, data, read_at, created_at)
    SELECT :id, :user_id, 'post_approved', (SELECT min(id::text)::uuid FROM __tenant__.domain_events), :subject, '{"a": [1, null]}',
      CAST(:read_at AS timestamptz), :created_at
    """
)
TOTALS = statement(
    "INSERT INTO __tenant__.post_totals (post_id, view_count, like_count, share_count, score) "
    "VALUES (:post_id, :views, :likes, :shares, CAST(:views AS bigint) + 5 * CAST(:likes AS bigint) + 10 * CAST(:shares AS bigint))"
)
STATS = statement(
    "INSERT INTO __tenant__.post_stats (post_id, day, view_count, like_count, share_count) "
    "VALUES (:post_id, (now() AT TIME ZONE 'UTC')::date - 1, :views, :likes, :shares)"
)
LIKED = statement(
    "INSERT INTO __tenant__.post_likes (post_id, user_id, day, created_at) VALUES (:post_id, :user_id, CAST(:now AS timestamptz)::date, :now)"
)
SOME_COMMENT = statement("SELECT id FROM __tenant__.comments ORDER BY created_at, id OFFSET CAST(:number AS bigint) LIMIT 1")
PROVIDER = statement(
    """
    INSERT INTO __tenant__.connections (id, name, kind, label, enabled, settings, secrets, create_people, default_role, version)
    VALUES (:id, :name, :kind, :label, false, '{}', :secrets, false, 'reader', 1)
    """
)
IDENTITY = statement(
    """
    INSERT INTO __tenant__.identities (id, connection_id, subject_index, user_id, sealed, linked_at, last_at)
    VALUES (:id, :provider, :index, :user, '', :at, :at)
    """
)
FOLLOWED = statement(
    """
    INSERT INTO __tenant__.subscriptions (id, user_id, target, author_id, category_id, tag_id, created_at)
    VALUES (:id, :user_id, :target, CAST(:author AS uuid), CAST(:category AS uuid), CAST(:tag AS uuid), :at)
    """
)
RANK = statement("SELECT __tenant__.refresh_trending_posts()")
TABLES = (
    "posts",
    "post_editors",
    "post_approvals",
    "post_slugs",
    "post_tags",
    "post_categories",
    "tags",
    "tag_synonyms",
    "categories",
    "users",
    "roles",
    "organization",
    "notifications",
    "domain_events",
    "comments",
    "sign_ins",
    "authenticators",
    "passkeys",
    "audit_entries",
    "post_likes",
    "post_totals",
    "trending_posts",
    "subscriptions",
    "identities",
    "connections",
)
EVERYTHING = {table: statement(f"SELECT * FROM __tenant__.{table}") for table in TABLES}
FOUND = statement(
    """
    SELECT s.post_id AS id, ts_rank(s.document, q.query) AS rank,
      __tenant__.marked(ts_headline('english', p.title, q.query, :whole)) AS "titleHighlighted",
      __tenant__.marked(ts_headline('english', s.body, q.query, :parts)) AS snippet
    FROM (SELECT __tenant__.search_query(:query) AS query) q, __tenant__.post_search s JOIN __tenant__.posts p ON p.id = s.post_id
    WHERE s.document @@ q.query
    """.replace(":whole", "'StartSel=\ue000, StopSel=\ue001, HighlightAll=true'").replace(
        ":parts", """'StartSel=\ue000, StopSel=\ue001, MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=" … "'"""
    )
)
COMMENTED = ("APPROVED", "APPROVED", "PENDING", "TOMBSTONE", "APPROVED", "REJECTED", "DELETED")
STATUSES = ("DRAFT", "IN_REVIEW", "APPROVED", "REJECTED", "PUBLISHED", "PUBLISHED", "PUBLISHED", "ARCHIVED", "SCHEDULED", "EXPIRED", "DELETED")
TITLES = ('Quote "d" \\ back', "Ünïcødé 🖋 title", "a tie", "a tie", "<script>alert(1)</script>", "Post 2\ttab", "zebra", "Apple")
LONG_AGO = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def auth(pool: Database, bus: Bus, registry: Registry, migrated: TenantSettings) -> Iterator[Auth]:
    auth = Auth(
        AuthSettings(),
        migrated,
        database=pool,
        keyring=Keyring(migrated.secret_keys),
        redis=None,
        registry=registry,
        resolver=Resolver(registry, migrated.base_host, lambda _: True),
        accounts=Members(pool, bus),
        policies=Decisions(pool, oldest=0.0),
    )
    yield auth
    auth.close()


@pytest.fixture(scope="session")
def engine(pool: Database, bus: Bus, auth: Auth) -> Engine:
    return Engine(schema(), pool, bus, Decisions(pool, oldest=3.0), auth.parts.invitations, dev=True)


Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def ask(engine: Engine) -> Ask:
    """Ask a house something on behalf of a principal; the decoded response."""

    async def asking(house: House, who: Principal | str | None, query: str, **variables: Any) -> dict[str, Any]:
        principal = house.people[who] if isinstance(who, str) else who or ANONYMOUS
        answer = await engine.answer(Asked(query, None, variables), Caller(house.tenant, principal, new_id()), queries_only=False)
        decoded: dict[str, Any] = json.loads(answer.body)
        return decoded

    return asking


@pytest.fixture(scope="session")
async def library(migrated: TenantSettings, pool: Database) -> House:
    return await filled(migrated, pool, Cast("library", "The Library", ACME.people))


@pytest.fixture(scope="session")
async def neighbours(migrated: TenantSettings, pool: Database) -> House:
    """Another organization with the same content under other ids."""
    return await filled(migrated, pool, Cast("neighbours", "The Neighbours", ACME.people))


@pytest.fixture(scope="session")
async def world(library: House, pool: Database) -> World:
    async with pool.reading(library.tenant.place) as connection:
        tables = {table: [dict(row.items()) for row in await connection.fetch(query)] for table, query in EVERYTHING.items()}
        found = {query: [dict(row.items()) for row in await connection.fetch(FOUND, query=query)] for query in SEARCHED}
    return World(library.tenant, tables, found)


async def filled(settings: TenantSettings, pool: Database, cast: Cast) -> House:
    founded = await found(settings, pool, slug=cast.slug, name=cast.name, owner_email=f"owner@{cast.slug}.example")
    house = House(founded.tenant, await load_people(pool, founded.tenant, cast), cast)
    await fill(pool, house)
    return house


async def fill(pool: Database, house: House) -> None:  # noqa: C901 - a row of each kind
    chance, users, posts = random.Random(7), [house.id_of(key) for key in house.people], list[UUID]()
    async with pool.writing(house.tenant.place) as connection:
        tags = [new_id() for _ in range(6)]
        for number, tag in enumerate(tags):
            await connection.execute(TAG, id=tag, now=LONG_AGO, name=f"tag {number} ünï" if number % 2 else f"Tag {number}", slug=f"tag-{number}")
        for number in range(4):
            await connection.execute(SYNONYM, slug=f"word-{number}", tag_id=tags[number // 2], name=f"Word {number % 2}")
        categories: list[UUID] = []
        for number in range(9):  # three at the top, each with a child, each of those with one
            parent = categories[number - 3] if number > 2 else None
            categories.append(new_id())
            name, rank = f"Heading {number % 4} ünï", (number % 2) * 7 - 3
            await connection.execute(CATEGORY, id=categories[-1], now=LONG_AGO, name=name, slug=f"heading-{number}", parent=parent, rank=rank)
        filing = random.Random(8)
        for number in range(32):
            post, status = new_id(), STATUSES[number % len(STATUSES)]
            posts.append(post)
            published = LONG_AGO + timedelta(hours=chance.randrange(6)) if status in {"PUBLISHED", "EXPIRED", "ARCHIVED"} else None
            created = LONG_AGO + timedelta(minutes=chance.randrange(5), microseconds=chance.randrange(3))
            await connection.execute(
                POST,
                id=post,
                created_at=created,
                updated_at=created + timedelta(seconds=chance.randrange(4)),
                created_by=chance.choice(users),
                title=TITLES[number % len(TITLES)],
                slug=f"post-{number}",
                content=f"# Hello {number}\n\n<b>raw</b> *emphasis* [x](javascript:alert(1)) ![i](https://example.org/i.png)\n\n| a |\n|---|\n| 1 |",
                excerpt=chance.choice((None, 'short "words"')),
                author_id=chance.choice(users),
                status=status,
                published_at=published,
                scheduled_at=LONG_AGO + timedelta(days=number) if status == "SCHEDULED" else None,
                beginning='The "beginning"' if number % 3 else "",
                minutes=number % 4 + 1,
                keywords=[["one", 'tw"o'], []][number % 2],
                custom_fields={"rank": number, "deep": {"list": [1, 2.5, None, "ü"]}},
                approval_status={"APPROVED": "APPROVED", "REJECTED": "REJECTED"}.get(status, "NONE"),
                approved_by=chance.choice(users) if status == "APPROVED" else None,
                rejection_reason="not yet" if status == "REJECTED" else None,
            )
            for tag in chance.sample(tags, chance.randrange(4)):
                await connection.execute(POST_TAG, post_id=post, tag_id=tag)
            for category in filing.sample(categories, filing.randrange(3)):
                await connection.execute(POST_CATEGORY, post_id=post, category_id=category)
            await review(connection, post, filing.sample(users, filing.randrange(3)))
            for position, user in enumerate(chance.sample(users, chance.randrange(3))):
                await connection.execute(POST_EDITOR, post_id=post, user_id=user, position=position)
        for number, post in enumerate(posts[::4]):  # the first of these slugs is another's by now
            await connection.execute(FORMER_SLUG, slug=f"former-{number}" if number else "post-9", post=post, at=LONG_AGO)
        await engage(connection, posts, users)
        await follow(connection, users, categories, tags)
        for post in posts[:12]:
            await discuss(connection, post, users, chance, house.tenant.key)
        for user, hours in itertools.product(users[:4], range(5)):
            at = LONG_AGO + timedelta(hours=hours // 2)
            subject = posts[hours * 3] if hours % 3 else (await connection.fetchval(SOME_COMMENT, number=hours * 5))
            await connection.execute(NOTIFICATION, id=new_id(), user_id=user, subject=subject, read_at=at if hours % 2 else None, created_at=at)
        await link(connection, users[:3], house.tenant.key)


async def link(connection: Connection, users: list[UUID], key: TenantKey) -> None:
    """Some known to two providers."""
    for number, kind in enumerate(("oidc", "saml")):
        provider = new_id()
        secrets = sealed_secrets(key, provider, {})
        await connection.execute(PROVIDER, id=provider, name=f"provider-{number}", kind=kind, label=f'The "{kind}"', secrets=secrets)
        for position, user in enumerate(users[number:]):
            at = LONG_AGO + timedelta(days=position % 2)
            await connection.execute(IDENTITY, id=new_id(), provider=provider, index=user.bytes + provider.bytes, user=user, at=at)


async def review(connection: Connection, post: UUID, approvers: list[UUID]) -> None:
    for position, user in enumerate(approvers):
        await connection.execute(APPROVAL, id=new_id(), post=post, user=user, at=LONG_AGO + timedelta(hours=position), position=position)


async def engage(connection: Connection, posts: list[UUID], users: list[UUID]) -> None:
    """Counts of posts in every state, some alike, ranked as a worker would have it."""
    chance = random.Random(9)
    for post in chance.sample(posts, 24):
        counts = {name: chance.randrange(4) for name in ("views", "likes", "shares")}
        await connection.execute(TOTALS, post_id=post, **counts)
        await connection.execute(STATS, post_id=post, **counts)
    for post, user in itertools.product(chance.sample(posts, 8), users[:3]):
        await connection.execute(LIKED, post_id=post, user_id=user, now=LONG_AGO)
    await connection.execute(RANK)


async def follow(connection: Connection, users: list[UUID], categories: list[UUID], tags: list[UUID]) -> None:
    """Some at the same moment."""
    chance, kinds = random.Random(10), {"AUTHOR": users, "CATEGORY": categories, "TAG": tags}
    for user in users[:5]:
        wanted: list[tuple[str, UUID | None]] = [(kind, one) for kind, all_ in kinds.items() for one in chance.sample(all_, 2) if one != user]
        for kind, one in [*wanted, ("ORGANIZATION", None)]:
            named = {name: one if kind == name.upper() else None for name in ("author", "category", "tag")}
            at = LONG_AGO + timedelta(minutes=chance.randrange(3))
            await connection.execute(FOLLOWED, id=new_id(), user_id=user, target=kind, at=at, **named)


async def discuss(connection: Connection, post: UUID, users: list[UUID], chance: random.Random, key: TenantKey) -> None:
    """A thread with comments in every state, one of them a guest's, some at the same moment, below one another and below what was deleted."""
    above: list[tuple[UUID | None, int]] = [(None, 0)]
    for state in COMMENTED:
        comment, (parent, depth) = new_id(), chance.choice(above)
        above.append((comment, depth + 1))
        at, writer = LONG_AGO + timedelta(minutes=chance.randrange(4)), chance.choice(users)
        moderated = chance.choice((None, chance.choice(users)))
        guest = signed(key, comment, Guest("Jo <b>Guest</b>", "jo@guest.example"))[0] if state == "PENDING" else None
        await connection.execute(
            COMMENT,
            id=comment,
            at=at,
            by=writer,
            post_id=post,
            author_id=None if guest or state in {"DELETED", "TOMBSTONE"} else writer,
            parent_id=parent,
            depth=depth,
            body="" if state in {"DELETED", "TOMBSTONE"} else f"*{state}* <b>raw</b> [x](javascript:alert(1))",
            status="DELETED" if state == "TOMBSTONE" else state,
            waits=chance.choice(("FIRST", "SPAM")) if state == "PENDING" else None,
            edited_at=chance.choice((None, at)),
            moderated_by=moderated,
            moderated_at=at if moderated else None,
            tombstone=state == "TOMBSTONE",
            guest_key=guest and guest.key,
            guest_name=guest and guest.name,
            guest_email=guest and guest.email,
            guest_index=guest and guest.email_index,
        )


@pytest.fixture(scope="session")
async def app(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    """The whole application, as the server mounts it, in development."""
    async with running(migrated) as application:
        yield application


@pytest.fixture(scope="session")
async def production(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    async with running(replace(migrated, mode="production", public_url="http://localhost:8000")) as application:
        yield application


Token = Callable[[House, str], Awaitable[str]]
PASSWORD = "three words together"


@pytest.fixture(scope="session")
def token_of(app: ASGIApp, auth: Auth) -> Token:
    """An access token of one of a house's people."""
    known: dict[tuple[str, str], str] = {}

    async def token(house: House, key: str) -> str:
        place = (house.tenant.slug, key)
        if place not in known:
            await auth.parts.credentials.set_password(house.tenant, house.id_of(key), PASSWORD)
            async with client_of(app, house) as client:
                answer = await client.post("/auth/token", json={"email": f"{key}@{house.tenant.slug}.example", "password": PASSWORD})
            known[place] = answer.json()["access_token"]
        return known[place]

    return token


def client_of(app: ASGIApp, house: House, token: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type] # Litestar types ASGI more closely
    return httpx.AsyncClient(transport=transport, base_url=f"http://{house.tenant.slug}.localhost:8000", headers=headers)
