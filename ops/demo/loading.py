"""Loading whole demo organizations: people, their passwords, posts. Repeated, it adds only what is missing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

from app.management.decisions import Decisions
from auth.credentials import Credentials
from auth.passwords import Passwords
from auth.principal import Principal
from ops.demo.domain import prove_domain
from ops.demo.load import load_people, load_posts
from ops.demo.people import HOUSES, House
from ops.demo.readers import load_readers
from ops.demo.talk import load_talk
from ops.organizations.founding import found
from tenants.database import Database
from tenants.errors import NotFound
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.tiers import ENTERPRISE

DEV_PASSWORD = "imprint-demo-1"  # noqa: S105 - known to everybody, and set in development only
HAVE_PASSWORDS = statement("SELECT user_id FROM __tenant__.credentials")

Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`logins`: addresses and the passwords they got just now; people who had one keep it."""

    slug: str
    events: int
    logins: Mapping[str, str]


async def load(settings: TenantSettings, slug: str, say: Say) -> Loaded:
    """`say` hears (slug, posts done, posts in all). Raises NotFound for a slug the demo does not have."""
    house = _house(slug)
    async with Database(settings, connections=6) as database:
        arrived = await _arrive(settings, database, house)
        tenant, people = arrived.tenant, arrived.people
        await prove_domain(database, tenant, house)
        events = await load_posts(database, tenant, house, people, lambda done, total: say(slug, done, total))
        await load_talk(database, tenant, house, people)
        await load_readers(database, tenant, house, people)
        return Loaded(slug, events, arrived.logins)


async def load_logins(settings: TenantSettings, slug: str) -> Mapping[str, str]:
    """The organization and its people alone, who can sign in from then on: addresses and the passwords they got just now. Raises as `load`."""
    house = _house(slug)
    async with Database(settings, connections=2) as database:
        return (await _arrive(settings, database, house)).logins


def _house(slug: str) -> House:
    if slug not in HOUSES:
        raise NotFound(f"The demo has no organization {slug!r}; it has {', '.join(HOUSES)}.")
    return HOUSES[slug]


@dataclass(frozen=True, slots=True)
class _Arrived:
    tenant: Tenant
    people: dict[str, Principal]
    logins: Mapping[str, str]


async def _arrive(settings: TenantSettings, database: Database, house: House) -> _Arrived:
    tenant = await _tenant(settings, database, house)
    people = await load_people(database, tenant, house)
    return _Arrived(tenant, people, await _set_passwords(database, tenant, house, people, dev=settings.dev))


async def _tenant(settings: TenantSettings, database: Database, house: House) -> Tenant:
    existing = await Registry(database, Keyring(settings.secret_keys)).by_slug(house.slug)
    if existing is not None and existing.status != "provisioning":
        return existing
    owner = next(person for person in house.people if person.role == "owner")
    made = await found(settings, database, slug=house.slug, name=house.name, owner_email=house.email(owner), tier=ENTERPRISE)
    return made.tenant


async def _set_passwords(database: Database, tenant: Tenant, house: House, people: Mapping[str, Principal], *, dev: bool) -> dict[str, str]:
    async with database.reading(tenant.place) as connection:
        have = {row["user_id"] for row in await connection.fetch(HAVE_PASSWORDS)}
    given: dict[str, str] = {}
    with closing(Passwords()) as passwords:
        credentials = Credentials(database, passwords, Decisions(database, oldest=0.0))
        for person in house.people:
            user_id = people[person.key].user_id
            if user_id is None or user_id in have:
                continue
            given[house.email(person)] = password = DEV_PASSWORD if dev else secrets.token_urlsafe(15)
            await credentials.set_password(tenant, user_id, password)
    return given
