"""A library of posts in every state, in an organization of its own, and an engine to ask about it."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from app.api.schema import schema
from app.bus import Bus
from app.users.accounts import Members
from auth.principal import ANONYMOUS, Principal
from auth.service import Auth
from auth.settings import AuthSettings
from ops.demo.load import load_people
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from ops.founding import found
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.resolver import Resolver
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.reference import World
from tests.integration.conftest import House
from tests.integration.serving import running

POST = statement(
    """
    INSERT INTO __tenant__.posts (id, created_at, updated_at, created_by, updated_by, version, title, slug, content, excerpt, author_id, status,
      published_at, seo_keywords, custom_fields, approval_status, approved_by, rejection_reason)
    VALUES (:id, :created_at, :updated_at, :created_by, :created_by, 1, :title, :slug, :content, :excerpt, :author_id, :status,
      CAST(:published_at AS timestamptz), CAST(:keywords AS text[]), CAST(:custom_fields AS jsonb), :approval_status,
      CAST(:approved_by AS uuid), :rejection_reason)
    """
)
TAG = statement(
    "INSERT INTO __tenant__.tags (id, created_at, updated_at, version, name, slug) VALUES (:id, :now, :now, 1, :name, :slug)",
)
POST_TAG = statement("INSERT INTO __tenant__.post_tags (post_id, tag_id) VALUES (:post_id, :tag_id)")
POST_EDITOR = statement("INSERT INTO __tenant__.post_editors (post_id, user_id, position) VALUES (:post_id, :user_id, :position)")
NOTIFICATION = statement(
    """
    INSERT INTO __tenant__.notifications (id, user_id, kind, event_id, subject_id, data, read_at, created_at)
    SELECT :id, :user_id, 'post_approved', (SELECT min(id::text)::uuid FROM __tenant__.domain_events), :id, '{"a": [1, null]}',
      CAST(:read_at AS timestamptz), :created_at
    """
)
TABLES = ("posts", "post_editors", "post_tags", "tags", "users", "roles", "organization", "notifications", "domain_events")
EVERYTHING = {table: statement(f"SELECT * FROM __tenant__.{table}") for table in TABLES}
STATUSES = ("DRAFT", "IN_REVIEW", "APPROVED", "REJECTED", "PUBLISHED", "PUBLISHED", "PUBLISHED", "ARCHIVED")
TITLES = ('Quote "d" \\ back', "Ünïcødé 🖋 title", "a tie", "a tie", "<script>alert(1)</script>", "Post 2\ttab", "zebra", "Apple")
LONG_AGO = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def engine(pool: Database, bus: Bus) -> Engine:
    return Engine(schema(), pool, bus, dev=True)


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
    return World(library.tenant, tables)


async def filled(settings: TenantSettings, pool: Database, cast: Cast) -> House:
    founded = await found(settings, pool, slug=cast.slug, name=cast.name, owner_email=f"owner@{cast.slug}.example")
    house = House(founded.tenant, await load_people(pool, founded.tenant, cast), cast)
    await fill(pool, house)
    return house


async def fill(pool: Database, house: House) -> None:
    chance, users = random.Random(7), [person.user_id for person in house.people.values()]
    async with pool.writing(house.tenant.place) as connection:
        tags = [new_id() for _ in range(6)]
        for number, tag in enumerate(tags):
            await connection.execute(TAG, id=tag, now=LONG_AGO, name=f"tag {number} ünï" if number % 2 else f"Tag {number}", slug=f"tag-{number}")
        for number in range(32):
            post, status = new_id(), STATUSES[number % len(STATUSES)]
            published = LONG_AGO + timedelta(hours=chance.randrange(6)) if status in {"PUBLISHED", "ARCHIVED"} else None
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
                keywords=[["one", 'tw"o'], []][number % 2],
                custom_fields={"rank": number, "deep": {"list": [1, 2.5, None, "ü"]}},
                approval_status={"APPROVED": "APPROVED", "REJECTED": "REJECTED"}.get(status, "NONE"),
                approved_by=chance.choice(users) if status == "APPROVED" else None,
                rejection_reason="not yet" if status == "REJECTED" else None,
            )
            for tag in chance.sample(tags, chance.randrange(4)):
                await connection.execute(POST_TAG, post_id=post, tag_id=tag)
            for position, user in enumerate(chance.sample(users, chance.randrange(3))):
                await connection.execute(POST_EDITOR, post_id=post, user_id=user, position=position)
        for user, hours in itertools.product(users[:4], range(5)):
            at = LONG_AGO + timedelta(hours=hours // 2)
            await connection.execute(NOTIFICATION, id=new_id(), user_id=user, read_at=at if hours % 2 else None, created_at=at)


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
def token_of(app: ASGIApp, pool: Database, bus: Bus, registry: Registry, migrated: TenantSettings) -> Token:
    """An access token of one of a house's people."""
    auth = Auth(
        AuthSettings(),
        migrated,
        database=pool,
        keyring=Keyring(migrated.secret_keys),
        redis=None,
        registry=registry,
        resolver=Resolver(registry, migrated.base_host, lambda _: True),
        accounts=Members(pool, bus.as_system),
    )
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
