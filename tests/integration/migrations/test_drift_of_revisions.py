"""Tenants at several revisions, made in all the ways that revisions are run, are each compared with their own."""

from __future__ import annotations

from migrations import runner
from migrations.drift import drift
from migrations.plan import Options
from migrations.provisioning import HeadProvisioner
from tenants import lifecycle
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.migrations.revisions import Further
from tests.integration.owner import as_owner

EVERYTHING = '''
op.execute("CREATE SEQUENCE __tenant__.numbers")
op.execute("CREATE VIEW __tenant__.titles AS SELECT title FROM __tenant__.posts")
op.execute("CREATE MATERIALIZED VIEW __tenant__.authors AS SELECT author_id, count(*) FROM __tenant__.posts GROUP BY 1")
op.execute("CREATE UNIQUE INDEX authors_idx ON __tenant__.authors (author_id)")
op.execute("""
    CREATE FUNCTION __tenant__.refresh() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ''
    AS $$ REFRESH MATERIALIZED VIEW __tenant__.authors $$
""")
op.execute("REVOKE ALL ON FUNCTION __tenant__.refresh() FROM PUBLIC")
op.execute("GRANT EXECUTE ON FUNCTION __tenant__.refresh() TO __role__")
op.execute("CREATE FUNCTION __tenant__.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
op.execute("CREATE TRIGGER noted AFTER UPDATE ON __tenant__.tags EXECUTE FUNCTION __tenant__.noted()")
op.execute("ALTER TABLE __tenant__.tags ENABLE ROW LEVEL SECURITY")
op.execute("CREATE POLICY all_of_it ON __tenant__.tags TO __role__ USING (true) WITH CHECK (true)")
op.execute("GRANT USAGE ON SEQUENCE __tenant__.numbers TO __role__")
'''
BESIDE = "op.create_index('tags_by_version_idx', 'tags', ['version'], schema='__tenant__', postgresql_concurrently=True, if_not_exists=True)"
WITH_PYTHON = """
op.add_column("tags", sa.Column("said", sa.Text()), schema="__tenant__")
if not context.is_offline_mode():
    for row in op.get_bind().execute(sa.text("SELECT id FROM __tenant__.tags")):
        op.get_bind().execute(sa.text("UPDATE __tenant__.tags SET said = name WHERE id = :id"), {"id": row.id})
"""

NAMED = """\
function noted() is not what its revision makes; --json shows both
function refresh() is not what its revision makes; --json shows both
grant on function refresh() to PUBLIC should not be there: it is EXECUTE
grant on sequence numbers to __role__ is missing: it should be USAGE
index authors_idx is missing: it should be CREATE UNIQUE INDEX authors_idx ON __tenant__.authors USING btree (author_id)
policy tags.all_of_it is PERMISSIVE FOR ALL TO __role__ USING (true) WITH CHECK (false), \
should be PERMISSIVE FOR ALL TO __role__ USING (true) WITH CHECK (true)
row security of tags is on, for its owner too, should be on
sequence numbers is bigint START 1 INCREMENT 1 MINVALUE 1 MAXVALUE 9223372036854775807 CACHE 1 CYCLE, \
should be bigint START 1 INCREMENT 1 MINVALUE 1 MAXVALUE 9223372036854775807 CACHE 1
trigger tags.noted is CREATE TRIGGER noted AFTER UPDATE ON __tenant__.tags FOR EACH STATEMENT EXECUTE FUNCTION __tenant__.noted() DISABLED, \
should be CREATE TRIGGER noted AFTER UPDATE ON __tenant__.tags FOR EACH STATEMENT EXECUTE FUNCTION __tenant__.noted()
view titles is not what its revision makes; --json shows both
"""


async def test_each_is_compared_with_its_own_revision_however_that_was_run(three: TenantSettings, further: Further) -> None:
    further.write(EVERYTHING)
    further.write(BESIDE, execution="outside_transaction")
    last = further.write(WITH_PYTHON, execution="python")
    assert (await runner.up(three, Options(tenants="two", to=f"{int(last) - 2:04d}"))).failed == {}
    assert (await runner.up(three, Options(tenants="one"))).failed == {}
    await lifecycle.create(three, HeadProvisioner(), tenant_slug("fresh"), "Fresh", "basic")

    findings = await drift(three)

    assert [line for drifted in findings.drifted for line in drifted.lines()] == []
    assert (findings.compared, findings.said) == (5, [])


async def test_what_was_done_to_functions_views_and_sequences_is_named(three: TenantSettings, further: Further) -> None:
    further.write(EVERYTHING)
    assert (await runner.up(three)).failed == {}
    async with as_owner(three) as owner:
        row = await owner.fetchrow("SELECT schema, role FROM control.organizations WHERE slug = 'two'")
        assert row
        for sql in (
            "ALTER SEQUENCE {schema}.numbers CYCLE",
            "CREATE OR REPLACE VIEW {schema}.titles AS SELECT upper(title) AS title FROM {schema}.posts",
            "DROP INDEX {schema}.authors_idx",
            "ALTER FUNCTION {schema}.refresh() SECURITY INVOKER",
            "ALTER FUNCTION {schema}.noted() SET search_path = ''",
            "GRANT EXECUTE ON FUNCTION {schema}.refresh() TO PUBLIC",
            "ALTER TABLE {schema}.tags DISABLE TRIGGER noted",
            "ALTER TABLE {schema}.tags FORCE ROW LEVEL SECURITY",
            "ALTER POLICY all_of_it ON {schema}.tags WITH CHECK (false)",
            "REVOKE USAGE ON SEQUENCE {schema}.numbers FROM {role}",
        ):
            await owner.execute(sql.format(schema=row["schema"], role=row["role"]))

    [drifted] = (await drift(three)).drifted

    assert drifted.lines() == [f"two: {line}" for line in NAMED.splitlines()]
