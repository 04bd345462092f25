"""Tags and categories under many hands: one tree whatever happens at once, and rows that are the fold of their events."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import UUID

from app.bus import Bus
from app.content.commands import RefilePosts
from app.content.posts import Post
from app.content.store import LOAD as LOAD_POST
from app.content.store import from_row as post_from_row
from app.shared.events import from_store
from app.taxonomy.categories import Category
from app.taxonomy.commands import CreateCategory, CreateTag, DeleteCategory, EnsureTags, MergeTags, MoveCategory, RenameTag, UpdateCategory
from app.taxonomy.errors import CategoryCycle, CategoryTooDeep
from app.taxonomy.store import category_from_row
from app.taxonomy.tags import Tag
from app.taxonomy.tree import DEEPEST, Tree
from tenants.database import Database
from tenants.events import READ_AGGREGATE
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House, write_post

CATEGORIES = statement("SELECT * FROM __tenant__.categories")
WORDS = statement(
    "SELECT slug, id FROM __tenant__.tags UNION ALL SELECT slug, tag_id FROM __tenant__.tag_synonyms",
)


async def run(bus: Bus, house: House, command: object) -> UUID:
    return (await bus.execute(house.tenant, command, house.people["admin"], correlation_id=new_id())).aggregates[0]


async def made(bus: Bus, house: House, name: str, parent: UUID | None = None) -> UUID:
    return await run(bus, house, CreateCategory(new_id(), name, parent_id=parent))


async def rows(pool: Database, house: House) -> dict[UUID, Category]:
    async with pool.reading(house.tenant.place) as connection:
        return {row["id"]: category_from_row(row) for row in await connection.fetch(CATEGORIES)}


async def told(pool: Database, house: House, id: UUID) -> list[Any]:
    async with pool.reading(house.tenant.place) as connection:
        events = await connection.fetch(READ_AGGREGATE, aggregate_id=id)
    return [from_store(event["event_type"], event["event_version"], event["event_data"]) for event in events]


def is_tree(categories: dict[UUID, Category]) -> bool:
    """Everything is reached from the top, and nothing is too deep."""
    tree = Tree.of(categories.values())
    reached = {id for top in tree.children(None) for id in tree.subtree(top.id)}
    return reached == categories.keys() and all(tree.depth(id) <= DEEPEST for id in categories)


async def test_two_moves_at_once_never_make_a_cycle(bus: Bus, pool: Database, acme: House) -> None:
    for attempt in range(10):
        one, other = await made(bus, acme, f"One {attempt}"), await made(bus, acme, f"Other {attempt}")

        moves = await asyncio.gather(run(bus, acme, MoveCategory(one, other)), run(bus, acme, MoveCategory(other, one)), return_exceptions=True)

        assert [type(result) for result in moves if isinstance(result, Exception)] == [CategoryCycle]
        assert is_tree(await rows(pool, acme))


async def test_whatever_is_done_at_once_leaves_a_tree_that_its_events_tell(bus: Bus, pool: Database, globex: House) -> None:
    chance = random.Random(11)
    ids = [await made(bus, globex, "Seed") for _ in range(8)]

    async def step(number: int) -> None:
        id, parent = chance.choice(ids), chance.choice([None, *ids])
        commands: list[object] = [
            MoveCategory(id, parent, chance.choice((None, 0, 1))),
            MoveCategory(id, position=chance.randrange(4)),
            UpdateCategory(id, name=f"Name {number}"),
            CreateCategory(new_id(), "Seed", parent_id=parent, position=0),
        ]
        try:
            await run(bus, globex, chance.choice(commands))
        except (CategoryCycle, CategoryTooDeep):
            return

    for start in range(0, 60, 4):
        await asyncio.gather(*(step(start + number) for number in range(4)))
    leaf = next(id for id, _ in (await rows(pool, globex)).items())
    await run(bus, globex, DeleteCategory(leaf, None))

    found = await rows(pool, globex)
    assert is_tree(found)
    assert leaf not in found
    assert Category.replay(leaf, await told(pool, globex, leaf)).gone
    for id, category in found.items():
        assert Category.replay(id, await told(pool, globex, id)) == category


async def test_a_word_leads_to_one_tag_also_when_it_is_named_in_many_ways_at_once(bus: Bus, pool: Database, globex: House) -> None:
    targets = [await run(bus, globex, CreateTag(f"Target {number}")) for number in range(4)]

    await asyncio.gather(
        *(run(bus, globex, RenameTag(tag, f"Target {number}", ("Contested",))) for number, tag in enumerate(targets)),
        *(bus.execute(globex.tenant, EnsureTags(("contested",)), globex.people["author"], correlation_id=new_id()) for _ in range(4)),
        return_exceptions=True,
    )

    async with pool.reading(globex.tenant.place) as connection:
        words = [row["slug"] for row in await connection.fetch(WORDS)]
    assert words.count("contested") == 1
    assert len(words) == len(set(words))


async def test_tags_and_their_posts_are_what_their_events_tell_after_a_merge(bus: Bus, pool: Database, globex: House) -> None:
    one, into = await run(bus, globex, CreateTag("Folio", ("Sheet",))), await run(bus, globex, CreateTag("Leaf"))
    shelf = await made(bus, globex, "Shelf")
    post = await write_post(bus, globex, tags=(one,), categories=(shelf,))
    async with bus.unit(globex.tenant, globex.people["admin"], correlation_id=new_id()) as unit:
        await unit.execute(RefilePosts("tags", (one,), into))
        await unit.execute(MergeTags((one,), into))

    replayed = Post.replay(post, await told(pool, globex, post))
    async with pool.reading(globex.tenant.place) as connection:
        row = await connection.fetchrow(LOAD_POST, id=post)
        tags = {r["slug"]: r["id"] for r in await connection.fetch(WORDS)}
    assert row is not None
    assert post_from_row(row) == replayed
    assert (replayed.manuscript.tags, replayed.manuscript.categories) == ((into,), (shelf,))
    assert Tag.replay(one, await told(pool, globex, one)).gone
    kept = Tag.replay(into, await told(pool, globex, into))
    assert {kept.slug, *(word.slug for word in kept.synonyms)} == {slug for slug, id in tags.items() if id == into} == {"leaf", "folio", "sheet"}
