"""Ways through revisions that need what earlier ones left to be built, and what new organizations are made of."""

from __future__ import annotations

import pytest

from migrations import runner
from migrations.drift import drift
from migrations.history import History, head
from migrations.plan import Options
from migrations.provisioning import HeadProvisioner
from migrations.sql.transactions import OwnTransaction
from migrations.stages import upwards
from tenants import lifecycle
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.migrations.conftest import places, revisions_of
from tests.integration.migrations.posts import INDEX, fill_posts
from tests.integration.migrations.revisions import ADD_COLUMN, ADD_INDEX, Further
from tests.integration.owner import as_owner

# Nothing of the schema's own stands on this column.
INDEXED = ADD_INDEX.replace('"title"', '"seo_title"')
LARGE = Options(index_rows=10, halt_at=1.0, unchecked=True)
NEEDING = [
    'op.drop_index("posts_mood_idx", table_name="posts", schema="__tenant__")',
    'op.execute("alter index __tenant__.posts_mood_idx rename to posts_other_idx")',
    'op.drop_column("posts", "seo_title", schema="__tenant__")',
]


@pytest.mark.parametrize("needing", NEEDING)
async def test_a_large_tables_index_is_built_before_a_revision_that_needs_it(installation: TenantSettings, further: Further, needing: str) -> None:
    slugs = await places(installation, 2, HeadProvisioner())
    await fill_posts(installation, "t001", 11)
    before = head(History.TENANT)
    first = further.write(f"{ADD_COLUMN}\n{INDEXED}")
    to = further.write(needing)

    run = await runner.up(installation, LARGE)

    assert [stage.to for stage in upwards(before, to)] == [first, to]
    assert (sorted(run.done), run.failed) == (slugs, {})
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    found = await drift(installation)
    assert ([one.lines() for one in found.drifted], found.said) == ([], [])


async def test_revisions_that_need_no_index_of_each_other_stay_one_transaction(installation: TenantSettings, further: Further) -> None:
    before = head(History.TENANT)
    further.write(ADD_INDEX)
    to = further.write(ADD_COLUMN)

    assert [(stage.to, [index.name for index in stage.indexes]) for stage in upwards(before, to)] == [(to, ["posts_mood_idx"])]


MATERIALIZED = """
op.execute("CREATE MATERIALIZED VIEW __tenant__.tops AS SELECT id, slug FROM __tenant__.posts")
op.execute("CREATE TABLE __tenant__.pages(id uuid PRIMARY KEY, title text)")
op.execute("create index tops_slug_idx on __tenant__.tops(slug)")
op.create_index("pages_title_idx", "pages", ["title"], schema="__tenant__")
"""
OUTSIDE = """
op.execute("create unique index concurrently if not exists tops_id_idx on __tenant__.tops (id)")
op.execute("VACUUM (ANALYZE) __tenant__.posts")
op.execute("REINDEX TABLE CONCURRENTLY __tenant__.posts")
"""


async def test_old_and_new_organizations_come_through_views_and_what_runs_outside_transactions_to_the_same(
    installation: TenantSettings, further: Further
) -> None:
    await places(installation, 1, HeadProvisioner())
    further.write(MATERIALIZED)
    to = further.write(OUTSIDE, execution="outside_transaction")

    run = await runner.up(installation, Options(halt_at=1.0, unchecked=True))
    await lifecycle.activate(installation, await lifecycle.create(installation, HeadProvisioner(), tenant_slug("new"), "new", "basic"))

    assert (run.done, run.failed) == (["t001"], {})
    assert await revisions_of(installation) == {"t001": to, "new": to}
    async with as_owner(installation) as owner:
        assert [await owner.fetchval(INDEX, slug, "tops_id_idx") for slug in ("t001", "new")] == [True, True]
    assert [one.lines() for one in (await drift(installation)).drifted] == []


AUTOCOMMIT = """
with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS posts_t_idx ON __tenant__.posts (title)")
op.execute("UPDATE __tenant__.posts SET title = 'x' WHERE title <> 'x'")
"""


@pytest.mark.parametrize("execution", ["replayed", "outside_transaction"])
async def test_a_revision_with_transactions_of_its_own_is_not_run_even_unchecked(
    installation: TenantSettings, further: Further, execution: str
) -> None:
    await places(installation, 1)
    before = head(History.TENANT)
    further.write(AUTOCOMMIT, execution=execution)

    with pytest.raises(OwnTransaction, match="A revision says COMMIT, but transactions are the runner's"):
        await runner.up(installation, Options(unchecked=True))

    assert await revisions_of(installation) == {"t001": before}
