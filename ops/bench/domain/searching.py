"""Search over 10,000 posts: ranking and snippets of 20 hits, for words that stand in 1 % and in 10 % of the posts."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Awaitable, Callable
from statistics import median

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from app.api.schema import schema
from app.bus import Bus
from app.management.decisions import Decisions
from auth.principal import ANONYMOUS
from ops.bench.floors.searching import SearchByHand
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.tenants import Measured
from tenants.database import Database, connect_as_admin
from tenants.ids import new_id
from tenants.naming import quoted

QUERY = "query Search($text: String!) { search(query: $text) { nodes { rank titleHighlighted snippet node { ... on Post { id title slug } } } } }"
WORDS = {"1 %": "albatross", "10 %": "heron"}
EVERY = {"albatross": 100, "heron": 10}
VOCABULARY, WORDS_EACH = 20_000, 330  # two kilobytes
ROUNDS, SEARCHES = 7, 20
P95_MS, RATIO = 30.0, 1.2
_POST = """
    INSERT INTO {schema}.posts (id, title, slug, content, author_id, status, published_at, approval_status, version, created_at, updated_at)
    SELECT md5('found' || i)::uuid, t.title, 'found-' || i, t.content, $3, 'PUBLISHED', now(), 'NONE', 1, now(), now()
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t (title, content, i)
"""


async def measured(bench: Bench, where: Measured, posts: int) -> list[Line]:
    await _fill(bench, where, posts)
    hand = await SearchByHand.connect(bench.settings.admin_database_url, where.tenant.place.schema, bench.settings.owner_role)
    try:
        async with Database(bench.settings, connections=2) as database:
            engine = Engine(schema(), database, Bus(database), Decisions(database, oldest=3.0), dev=False)
            return [line for share, word in WORDS.items() for line in await _compare(engine, hand, where, share, word)]
    finally:
        await hand.close()


async def _compare(engine: Engine, hand: SearchByHand, where: Measured, share: str, word: str) -> list[Line]:
    asked = Asked(QUERY, None, {"text": word})

    async def product() -> bytes:
        return (await engine.answer(asked, Caller(where.tenant, ANONYMOUS, new_id()), queries_only=True)).body

    async def floor() -> bytes:
        return await hand.search(word)

    _require_same(await product(), await floor())
    ours: list[float] = []
    theirs: list[float] = []
    ratios: list[float] = []
    for _ in range(ROUNDS):
        by_hand = [await _milliseconds(floor) for _ in range(SEARCHES)]
        by_us = [await _milliseconds(product) for _ in range(SEARCHES)]
        ratios.append(median(by_us) / median(by_hand))
        ours += by_us
        theirs += by_hand
    p95 = sorted(ours)[int(len(ours) * 0.95)]
    what = f"search, a word in {share} of the posts"
    said = f"p50 {median(ours):.1f} ms"
    return [
        Line(what, said, f"p50 {median(theirs):.1f} ms by hand", median(ratios), RATIO, at_most=True),
        Line(f"{what}, p95", f"{p95:.1f} ms", f"{P95_MS:g} ms", p95 / P95_MS, 1.0, at_most=True),
    ]


async def _milliseconds(search: Callable[[], Awaitable[bytes]]) -> float:
    began = time.perf_counter()
    await search()
    return (time.perf_counter() - began) * 1000


def _require_same(ours: bytes, theirs: bytes) -> None:
    """Both answers hold the same 20 snippets, or the comparison means nothing."""
    found = [[hit["snippet"] for hit in nodes] for nodes in (json.loads(ours)["data"]["search"]["nodes"], json.loads(theirs)["search"]["nodes"])]
    if found[0] != found[1] or len(found[0]) != SEARCHES:
        raise RuntimeError(f"the product and the floor found different things: {found[0][:1]} and {found[1][:1]}")


async def _fill(bench: Bench, where: Measured, posts: int) -> None:
    """Texts of made-up words, as frequent as words are (Zipf)."""
    chance = random.Random(7)  # noqa: S311 - no secret
    words = ["".join(chance.choices("aeioubcdfglmnprstvz", k=chance.randrange(4, 10))) for _ in range(VOCABULARY)]
    weights = [1 / rank for rank in range(1, VOCABULARY + 1)]
    titles, contents = [], []
    for number in range(posts):
        text = chance.choices(words, weights, k=WORDS_EACH)
        for word, every in EVERY.items():
            if number % every == 0:
                text[chance.randrange(WORDS_EACH)] = word
        titles.append(" ".join(chance.choices(words, weights, k=6)))
        contents.append(" ".join(text))
    place = quoted(where.tenant.place.schema)
    async with connect_as_admin(bench.settings.admin_database_url) as admin:
        await admin.run(f"SET ROLE {quoted(bench.settings.owner_role)}; SET imprint.door = 'bus'")
        await admin.value(_POST.format(schema=place), titles, contents, where.owner_id)
        await admin.run(f"VACUUM ANALYZE {place}.posts")
        await admin.run(f"VACUUM ANALYZE {place}.post_search")
