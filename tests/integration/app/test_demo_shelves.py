"""The demo's posts stand in a small tree of categories, and loading it again makes nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.bus import Bus
from ops.demo.load import load_posts
from ops.demo.people import ACME
from ops.demo.shelves import load_shelves
from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, house_of


@pytest.fixture(scope="session")
async def acme(migrated: TenantSettings, pool: Database) -> House:
    """An organization in which no other test writes past the application."""
    return await house_of(migrated, pool, replace(ACME, slug="shelved"))


TREE = statement(
    "SELECT c.slug, p.slug AS parent, (SELECT count(*) FROM __tenant__.post_categories l WHERE l.category_id = c.id) AS posts "
    "FROM __tenant__.categories c LEFT JOIN __tenant__.categories p ON p.id = c.parent_id "
    "WHERE c.slug IN ('magazine', 'essays', 'printing', 'binding') ORDER BY c.slug"
)


async def test_the_demos_posts_stand_in_a_tree_of_categories(bus: Bus, pool: Database, acme: House) -> None:
    await load_posts(pool, acme.tenant, acme.cast, acme.people, lambda _done, _all: None)
    made = await load_shelves(bus, pool, acme.tenant, acme.people["admin"])

    again = await load_shelves(bus, pool, acme.tenant, acme.people["admin"])

    async with pool.reading(acme.tenant.place) as connection:
        found = {row["slug"]: (row["parent"], row["posts"]) for row in await connection.fetch(TREE)}
    assert again == made
    assert {slug: parent for slug, (parent, _) in found.items()} == {
        "magazine": None, "essays": "magazine", "printing": "workshop", "binding": "printing",
    }  # fmt: skip
    assert all(posts > 0 for _, posts in found.values())
