"""An organization with a row of every kind, written past the application."""

from __future__ import annotations

import random

from ops.demo.people import House as Cast
from tenants.database import Database
from tenants.settings import TenantSettings
from tests.integration.api.library.conversations import discuss
from tests.integration.api.library.engagement import engage, follow
from tests.integration.api.library.people import link, notify
from tests.integration.api.library.posts import write_posts
from tests.integration.api.library.taxonomy import grow_categories, name_tags
from tests.integration.conftest import House, house_of


async def filled(settings: TenantSettings, pool: Database, cast: Cast) -> House:
    house = await house_of(settings, pool, cast)
    await fill(pool, house)
    return house


async def fill(pool: Database, house: House) -> None:
    chance, users = random.Random(7), [house.id_of(key) for key in house.people]
    async with pool.writing(house.tenant.place) as connection:
        tags, categories = await name_tags(connection), await grow_categories(connection)
        posts = await write_posts(connection, users, tags, categories, chance)
        await engage(connection, posts, users)
        await follow(connection, users, categories, tags)
        for post in posts[:12]:
            await discuss(connection, post, users, chance, house.tenant.key)
        await notify(connection, users[:4], posts)
        await link(connection, users[:3], house.tenant.key)
