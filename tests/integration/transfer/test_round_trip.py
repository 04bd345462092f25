from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.bus import Bus
from app.content.commands import SubmitPost
from app.content.custom_fields import normalized
from auth.addresses import Addresses
from auth.links import Links
from auth.principal import SYSTEM
from migrations import runner
from migrations.plan import Options
from ops.demo.people import GLOBEX
from ops.organizations.exporting import export_to
from ops.organizations.importing import clone, import_from
from tenants.database import Database, connect_as_admin
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transfer import chains
from tenants.transfer.errors import ChangedMeanwhile
from tenants.transfer.exporting import SESSION
from tenants.transfer.keys import TransferSecret
from tests.integration.auth.conftest import bearer, client_at
from tests.integration.conftest import House, house_of
from tests.integration.installations import new_database, settings_for
from tests.integration.migrations.revisions import Further
from tests.integration.owner import as_owner
from tests.integration.serving import running
from tests.integration.transfer.conftest import ODD, PASSWORD, SECRET, Sent, rows_of
from tests.postgres15 import Postgres15
from tests.quiet import quiet

RESET = {"organization", "domain_events", "sessions", "sign_ins", "refresh_tokens", "links", "history_anchors"}
# A column of every type that Postgres has for columns, a circle of foreign keys, a trigger that would change what is loaded.
EVERY_TYPE = """
op.execute('''
CREATE TABLE __tenant__.kinds (
  id uuid PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, doubled bigint GENERATED ALWAYS AS (small * 2) STORED,
  small smallint, whole integer, exact numeric, price numeric(12, 4), single real, twice double precision, words text, named varchar(40),
  fixed char(8), yes boolean, raw bytea, document jsonb, plain json, day date, clock time, clock_there timetz, moment timestamptz,
  local timestamp, span interval, address inet, network cidr, mac macaddr, list text[], grid integer[][], bits bit varying, range tstzrange,
  ranges int4multirange, place point, vector tsvector, path jsonpath, friend_id uuid
)''')
op.execute('CREATE TABLE __tenant__.friends (id uuid PRIMARY KEY, kind_id uuid REFERENCES __tenant__.kinds (id), self_id uuid '
           'REFERENCES __tenant__.friends (id))')
op.execute('ALTER TABLE __tenant__.kinds ADD CONSTRAINT kinds_friend_fkey FOREIGN KEY (friend_id) REFERENCES __tenant__.friends (id)')
op.execute('''
CREATE FUNCTION __tenant__.spoil() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN NEW.words := 'spoilt'; RETURN NEW; END $$''')
op.execute('CREATE TRIGGER kinds_spoil BEFORE INSERT ON __tenant__.kinds FOR EACH ROW EXECUTE FUNCTION __tenant__.spoil()')
op.execute('CREATE MATERIALIZED VIEW __tenant__.kinds_count AS SELECT count(*) AS kinds FROM __tenant__.kinds')
op.execute("INSERT INTO __tenant__.friends (id) VALUES ('00000000-0000-7000-8000-00000000000f')")
"""
ONE = """
INSERT INTO {schema}.kinds (id, small, whole, exact, price, single, twice, words, named, fixed, yes, raw, document, plain, day, clock, clock_there,
  moment, local, span, address, network, mac, list, grid, bits, range, ranges, place, vector, path, friend_id)
VALUES ($1, -7, 2147483647, '-0.00000000000000000001', 12345678.9012, '3.4028235e38', '-2.2250738585072014e-308', $2, 'ﬃ', 'ab', true,
  decode('00ff5c0a09', 'hex'), $3, '{{"b": 1.10, "a": 1,  "a": 2}}', '4713-01-01 BC', '24:00', '23:59:59.999999+15:59', 'infinity', '294276-12-31',
  '-178000000 years -3 mons 1.000001 s', '::ffff:10.1.2.3/96', '10.1.0.0/16', '08:00:2b:01:02:03', $4, '{{{{1,NULL}},{{3,4}}}}', B'1011',
  '[2020-01-01,infinity)', '{{[1,3),[5,)}}', '(1.5,-1e-300)', 'a:1A b:2', '$.a[*] ? (@ > 1)', '00000000-0000-7000-8000-00000000000f')
"""


def kept(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    return {table: rows for table, rows in rows.items() if table not in RESET}


async def test_what_is_exported_and_imported_elsewhere_is_row_for_row_the_same(
    here: TenantSettings, elsewhere: TenantSettings, acme: House, globex: House, sent: Sent
) -> None:
    others = await rows_of(here, "globex")
    carried = await import_from(elsewhere, sent.path, SECRET, None, quiet)

    before, after = await rows_of(here, "acme"), await rows_of(elsewhere, "acme")
    assert before.keys() == after.keys()
    assert kept(before) == kept(after)
    assert carried.arrived.rows == sent.exported.rows == {table: len(rows) for table, rows in before.items()}
    assert set(before["domain_events"]) < set(after["domain_events"])
    assert len(after["domain_events"]) == len(before["domain_events"]) + 2
    assert carried.tenant.id != acme.tenant.id
    assert stat.S_IMODE(sent.path.stat().st_mode) == 0o600
    assert await rows_of(here, "globex") == others


async def test_there_and_back_again_nothing_is_lost(here: TenantSettings, elsewhere: TenantSettings, sent: Sent, tmp_path: Path) -> None:
    await import_from(elsewhere, sent.path, SECRET, "there", quiet)
    back = TransferSecret.from_passphrase("a passphrase of several words")
    await export_to(elsewhere, "there", tmp_path / "back", back, quiet, force=False)
    await import_from(here, tmp_path / "back", back, "back-again", quiet)

    assert kept(await rows_of(here, "back-again")) == kept(await rows_of(here, "acme"))


async def test_people_sign_in_with_their_old_passwords_and_read_and_write_as_before(elsewhere: TenantSettings, acme: House, sent: Sent) -> None:
    await import_from(elsewhere, sent.path, SECRET, "moved", quiet)
    async with running(elsewhere) as product, client_at(product, "moved.localhost") as client:
        answer = await client.post("/auth/token", json={"email": "author@acme.example", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        query = "{ me { email } organization { slug name } posts(first: 9) { nodes { customFields author { username } } } }"
        read = (await client.post("/graphql", json={"query": query}, headers=bearer(answer.json()["access_token"]))).json()
        create = 'mutation { createPost(input: {title: "After the move", content: "Here."}) { post { title } } }'
        written = (await client.post("/graphql", json={"query": create}, headers=bearer(answer.json()["access_token"]))).json()

    assert read["data"]["me"]["email"] == "author@acme.example"
    assert read["data"]["organization"] == {"slug": "moved", "name": acme.tenant.name}
    assert {post["customFields"].get("odd") for post in read["data"]["posts"]["nodes"]} == {normalized(ODD), None}
    assert {post["author"]["username"] for post in read["data"]["posts"]["nodes"]} == {"author"}
    assert written["data"]["createPost"]["post"]["title"] == "After the move"


async def test_who_was_signed_in_is_so_no_longer_and_open_links_are_spent(
    here: TenantSettings, acme: House, elsewhere: TenantSettings, tmp_path: Path
) -> None:
    async with running(here) as product, client_at(product, "acme.localhost") as client:
        pair = (await client.post("/auth/token", json={"email": "author@acme.example", "password": PASSWORD})).json()
        async with Database(here, connections=1) as pool:
            link = await Links(pool, Addresses(here.public_url), lifetime=1000).invite(acme.tenant, acme.id_of("reader"))
        await export_to(here, "acme", tmp_path / "file", SECRET, quiet, force=False)
        still = await client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    carried = await import_from(elsewhere, tmp_path / "file", SECRET, "signed-out", quiet)
    async with running(elsewhere) as product, client_at(product, "signed-out.localhost") as client:
        refresh = await client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        invitation = await client.get(httpx.URL(link).raw_path.decode())

    assert (still.status_code, refresh.status_code, invitation.status_code) == (200, 401, 410)
    async with as_owner(elsewhere) as owner:
        schema = carried.tenant.place.schema
        assert await owner.fetchval(f"SELECT count(*) FROM {schema}.sessions WHERE revoked_at IS NULL") == 0
        assert await owner.fetchval(f"SELECT count(*) FROM {schema}.refresh_tokens") == 0


async def test_the_organization_knows_its_new_id_and_its_history_goes_on_unbroken(elsewhere: TenantSettings, acme: House, sent: Sent) -> None:
    carried = await import_from(elsewhere, sent.path, SECRET, "knows-itself", quiet)
    tenant, schema = carried.tenant, carried.tenant.place.schema
    async with as_owner(elsewhere) as owner:
        rows = await owner.fetch(f"SELECT id, slug, name FROM {schema}.organization")
        told = await owner.fetch(
            f"SELECT aggregate_id, aggregate_version, event_type FROM {schema}.domain_events ORDER BY sequence_number DESC LIMIT 2"
        )
        timers = await owner.fetchval("SELECT count(*) FROM control.timers WHERE role = $1", tenant.place.role)
        waiting = await owner.fetch("SELECT event_type FROM control.outbox WHERE role = $1 ORDER BY id", tenant.place.role)
        (audited,) = await owner.fetch("SELECT action, details FROM control.operator_audit WHERE organization_id = $1", tenant.id)
        highest = await owner.fetchval(f"SELECT max(sequence_number) FROM {schema}.domain_events")
    async with Database(elsewhere, connections=1) as pool:
        async with pool.reading(tenant.place) as connection:
            draft = await connection.fetchval(statement("SELECT id FROM __tenant__.posts WHERE status = 'DRAFT' LIMIT 1"))
        await Bus(pool).execute(tenant, SubmitPost(draft), SYSTEM, correlation_id=new_id())
    async with connect_as_admin(elsewhere.admin_database_url) as admin, admin.transaction(elsewhere.owner_role):
        proven = await chains.verify(admin, schema)

    assert [tuple(row) for row in rows] == [(tenant.id, "knows-itself", acme.tenant.name)]
    assert [tuple(event) for event in told] == [(tenant.id, 1, "OrganizationReceived"), (acme.tenant.id, 2, "OrganizationMoved")]
    assert [row["event_type"] for row in waiting] == ["OrganizationMoved", "OrganizationReceived"]
    assert timers == 0
    assert audited["action"] == "tenant.imported"
    assert str(acme.tenant.id) in audited["details"]
    assert proven.events == carried.arrived.chains.events + 3
    async with as_owner(elsewhere) as owner:
        assert await owner.fetchval(f"SELECT max(sequence_number) FROM {schema}.domain_events") == highest + 1


async def test_every_kind_of_column_survives_and_so_do_circles_of_keys_triggers_and_numbers(
    here: TenantSettings, elsewhere: TenantSettings, more: Further, tmp_path: Path
) -> None:
    async with Database(here, connections=2) as pool:  # one that no other test finds at this revision
        house = await house_of(here, pool, replace(GLOBEX, slug="every-kind"))
    number = more.write(EVERY_TYPE)
    await runner.up(here, Options(tenants="every-kind"))
    schema = house.tenant.place.schema
    async with as_owner(here) as owner:
        for index in range(3):
            value = (new_id(), ODD, f'{{"odd": "{index}", "n": 1e-400, "big": 123456789012345678901234567890.5}}', [ODD, None, "NULL", '"', ""])
            await owner.execute(f"ALTER TABLE {schema}.kinds DISABLE TRIGGER kinds_spoil")
            await owner.execute(ONE.format(schema=schema), *value)
        await owner.execute(f"ALTER TABLE {schema}.kinds ENABLE TRIGGER kinds_spoil")
        await owner.execute(f"INSERT INTO {schema}.kinds (id) VALUES ($1)", new_id())
        await owner.execute(f"UPDATE {schema}.friends SET kind_id = (SELECT min(id::text)::uuid FROM {schema}.kinds), self_id = id")
        constraints = await owner.fetch(
            "SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE connamespace = $1::regnamespace ORDER BY 1", schema
        )
    await export_to(here, "every-kind", tmp_path / "file", SECRET, quiet, force=False)
    carried = await import_from(elsewhere, tmp_path / "file", SECRET, "kinds", quiet)

    before, after = await rows_of(here, "every-kind"), await rows_of(elsewhere, "kinds")
    assert kept(before) == kept(after)
    assert len(after["kinds"]) == 4
    there = carried.tenant.place.schema
    async with as_owner(elsewhere) as owner:
        same = await owner.fetch(
            "SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE connamespace = $1::regnamespace ORDER BY 1", there
        )
        assert [(row["conname"], row["def"].replace(there, schema)) for row in same] == [tuple(row) for row in constraints]
        assert await owner.fetchval(f"SELECT kinds FROM {there}.kinds_count") == 4
        (row,) = await owner.fetch(f"INSERT INTO {there}.kinds (id) VALUES ($1) RETURNING number, words", new_id())
        assert tuple(row) == (5, "spoilt")
    assert carried.header.revision == number


async def test_an_export_of_an_older_revision_is_loaded_there_and_then_migrated(elsewhere: TenantSettings, sent: Sent, more: Further) -> None:
    number = more.write('op.add_column("posts", sa.Column("mood", sa.Text(), server_default="calm"), schema="__tenant__")')
    said: list[str] = []
    carried = await import_from(elsewhere, sent.path, SECRET, "older", said.append)

    assert carried.tenant.revision == number
    assert carried.header.revision < number
    assert any(f"to {number}" in line for line in said)
    async with as_owner(elsewhere) as owner:
        moods = await owner.fetchval(f"SELECT array_agg(DISTINCT mood) FROM {carried.tenant.place.schema}.posts")
        assert moods == ["calm"]
        assert await owner.fetchval(f"SELECT version_num FROM {carried.tenant.place.schema}.alembic_version") == number


async def test_an_organization_moves_from_postgres_18_to_15_and_back(
    here: TenantSettings, acme: House, sent: Sent, postgres15: Postgres15, worker_name: str, tmp_path: Path
) -> None:
    own = new_database(worker_name)
    postgres15.make(own)
    port = urlsplit(postgres15.superuser_url).port
    assert port
    older = settings_for(own.admin_url(port), own.app_url(port), f"owner_{own.name}")
    await runner.up(older)
    await import_from(older, sent.path, SECRET, None, quiet)
    await clone(older, "acme", "acme-two", quiet)
    await export_to(older, "acme-two", tmp_path / "file", SECRET, quiet, force=False)
    await import_from(here, tmp_path / "file", SECRET, "from-fifteen", quiet)

    assert kept(await rows_of(older, "acme")) == kept(await rows_of(here, "from-fifteen")) == kept(await rows_of(here, "acme"))


async def test_a_snapshot_holds_nothing_that_was_written_after_its_beginning(here: TenantSettings, globex: House, tmp_path: Path) -> None:
    schema = globex.tenant.place.schema
    count = len((await rows_of(here, "globex"))["tags"])
    async with as_owner(here) as owner, owner.transaction():
        await owner.execute(f"INSERT INTO {schema}.tags SELECT gen_random_uuid(), now(), now(), NULL, NULL, 1, 'later', 'later'")
        exported = await export_to(here, "globex", tmp_path / "before", SECRET, quiet, force=False)
    after = await export_to(here, "globex", tmp_path / "after", SECRET, quiet, force=False)

    assert (exported.rows["tags"], after.rows["tags"]) == (count, count + 1)


async def test_an_export_that_a_migration_overtook_is_refused_and_leaves_no_file(here: TenantSettings, globex: House, tmp_path: Path) -> None:
    schema = globex.tenant.place.schema
    async with as_owner(here) as owner, owner.transaction():
        await owner.execute(f"LOCK TABLE {schema}.tags IN ACCESS EXCLUSIVE MODE")
        exporting = asyncio.create_task(export_to(here, "globex", tmp_path / "file", SECRET, quiet, force=False))
        async with connect_as_admin(here.admin_database_url) as admin, asyncio.timeout(90):
            while not await admin.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'",
                SESSION,
            ):
                await asyncio.sleep(0.02)
        await owner.execute(f"ALTER TABLE {schema}.tags ADD COLUMN meanwhile text")
    with pytest.raises(ChangedMeanwhile):
        await exporting
    async with as_owner(here) as owner:
        await owner.execute(f"ALTER TABLE {schema}.tags DROP COLUMN meanwhile")

    assert list(tmp_path.iterdir()) == []
