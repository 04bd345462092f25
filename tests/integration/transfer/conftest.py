"""Two installations with nothing in common: here with acme and globex, elsewhere with nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.bus import Bus
from app.management.decisions import Decisions
from auth.credentials import Credentials
from auth.passwords import Passwords
from ops.demo.people import ACME, GLOBEX
from ops.demo.people import House as Cast
from ops.organizations.exporting import export_to
from ops.stack import Addresses
from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.transfer.exporting import Exported
from tenants.transfer.keys import TransferSecret
from tests.integration.conftest import House, house_of, publish_post, write_post
from tests.integration.installations import installation_at
from tests.integration.migrations.revisions import Further, further_in
from tests.integration.owner import as_owner
from tests.quiet import quiet

PASSWORD = "three words together"
SECRET = TransferSecret("file", bytes(range(32)))
# What JSON, COPY's text and its escapes could trip over; Postgres stores no NUL.
ODD = 'tab\there, line\nbreak, carriage\rreturn, back\\slash, \\N and \\., "quotes", \u2028, ﷽ 👩‍👩‍👧 ß İ e\u0301'


@pytest.fixture(scope="session")
async def here(stack: Addresses, worker_name: str) -> TenantSettings:
    return await installation_at(stack, worker_name)


@pytest.fixture(scope="session")
async def elsewhere(stack: Addresses, worker_name: str) -> TenantSettings:
    """Another database, other roles, another secret key."""
    return await installation_at(stack, worker_name)


async def _inhabited(settings: TenantSettings, cast: Cast) -> House:
    async with Database(settings, connections=2) as pool:
        house, bus = await house_of(settings, pool, cast), Bus(pool)
        await write_post(bus, house, title=f"A draft of {cast.slug}")
        post = await write_post(bus, house, title='A \\N "title" 👩‍👩‍👧 ﷽', custom_fields={"odd": ODD, "deep": [{"n": 1.5}] * 50})
        await publish_post(bus, house, post)
        with closing(Passwords()) as passwords:
            await Credentials(pool, passwords, Decisions(pool, oldest=0.0)).set_password(house.tenant, house.id_of("author"), PASSWORD)
    return house


@pytest.fixture(scope="session")
async def acme(here: TenantSettings) -> House:
    return await _inhabited(here, ACME)


@pytest.fixture(scope="session")
async def globex(here: TenantSettings) -> House:
    return await _inhabited(here, GLOBEX)


@pytest.fixture
def more(tmp_path: Path) -> Iterator[Further]:
    """Revisions that only this test sees."""
    with further_in(tmp_path / "revisions") as further:
        yield further


@dataclass(frozen=True, slots=True)
class Sent:
    """A file of acme's, sealed with SECRET."""

    path: Path
    exported: Exported

    def copy(self, folder: Path, content: bytes) -> Path:
        path = folder / f"{os.urandom(4).hex()}.imprint"
        path.write_bytes(content)
        return path


@pytest.fixture(scope="session")
async def sent(here: TenantSettings, acme: House, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    path = tmp_path_factory.mktemp("sent") / "acme.imprint"
    return Sent(path, await export_to(here, "acme", path, SECRET, quiet, force=False))


async def rows_of(settings: TenantSettings, slug: str) -> dict[str, list[str]]:
    """Every row of every table of the organization's as text, sorted; Alembic's own left out."""
    async with as_owner(settings) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug)
        tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename <> 'alembic_version' ORDER BY 1", schema)
        return {
            table["tablename"]: [row["row"] for row in await owner.fetch(f"SELECT t::text AS row FROM {schema}.{table['tablename']} t ORDER BY 1")]
            for table in tables
        }


async def organizations_of(settings: TenantSettings) -> list[tuple[str, str, str]]:
    """Slug, status and origin of all there are, and nothing that nobody owns: as many schemas and roles as organizations and stock."""
    async with as_owner(settings) as owner:
        rows = await owner.fetch("SELECT slug, status, origin, schema, role FROM control.organizations ORDER BY slug")
        schemas = {row["nspname"] for row in await owner.fetch(r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\_%'")}
        prefix = await owner.fetchval("SELECT role_prefix FROM control.installation")
        roles = {row["rolname"] for row in await owner.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE $1", f"{prefix}\\_t\\_%")}
    assert schemas == {row["schema"] for row in rows}
    assert roles == {row["role"] for row in rows}
    return [(row["slug"], row["status"], row["origin"]) for row in rows]
