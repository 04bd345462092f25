"""Administrators hear of certificates that end soon, once for each and each span of days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.bus import Bus
from auth.addresses import Addresses
from auth.saml.expiry import endings
from auth.saml.keys import secrets_of
from auth.saml.module import SamlModule
from auth.sso.connections import Connection, Connections
from auth.sso.fetching import Fetcher
from migrations.serving import serves
from ops.bench.identity_provider import metadata, pair_of
from ops.demo.people import ACME, GLOBEX
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.conftest import House, house_of
from workers.certificates import CertificateWarnings
from workers.mail import FolderPostman

EVENTS = statement("SELECT details FROM __tenant__.sign_in_events WHERE action = 'CertificateEnding' AND connection_id = :id ORDER BY at, id")


async def _connection(pool: Database, house: House, name: str, days: int, *, enabled: bool = True) -> Connection:
    module = SamlModule(Addresses("http://localhost:8000"), Fetcher(dev=True))
    text = metadata(pair_of(f"ends-{days}", days=days).certificate)
    settings, secrets = await module.settle({"metadata": text}, secrets_of(pair_of("own", days=900)))
    connection = Connection(new_id(), name, "saml", f"The {name}", enabled, True, "reader", settings, secrets)  # noqa: FBT003
    await Connections(pool).add(house.tenant, connection, Cause(new_id()))
    return connection


async def _letters(folder: Path) -> list[str]:
    return sorted(path.read_text() for path in folder.rglob("*.eml"))


@pytest.fixture
async def expiring(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(ACME, slug="expiring"))


@pytest.fixture
async def other(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="renewed"))


async def test_those_who_configure_sign_on_are_told_once_for_each_certificate_and_span(
    pool: Database, registry: Registry, bus: Bus, expiring: House, other: House, tmp_path: Path
) -> None:
    ending = await _connection(pool, expiring, "ending", 20)
    lasting = await _connection(pool, expiring, "lasting", 300)
    off = await _connection(pool, expiring, "resting", 5, enabled=False)
    elsewhere = await _connection(pool, other, "ending", 300)
    warnings = CertificateWarnings(pool, registry, FolderPostman("http://localhost:8000", "no-reply@localhost", tmp_path))
    now = datetime.now(UTC)

    counts = [
        await warnings.warn(expiring.tenant, now),
        await warnings.warn(expiring.tenant, now),
        await warnings.warn(expiring.tenant, now + timedelta(days=7)),
        await warnings.warn(other.tenant, now),
    ]

    assert counts == [1, 0, 1, 0]
    async with pool.reading(expiring.tenant.place) as connection:
        told = {
            name: [row["details"] for row in await connection.fetch(EVENTS, id=one.id)]
            for name, one in (("ending", ending), ("lasting", lasting), ("off", off))
        }
    assert [len(said) for said in told.values()] == [2, 0, 0]
    assert {said["whose"] for said in told["ending"]} == {"provider"}
    async with pool.reading(other.tenant.place) as connection:
        assert not await connection.fetch(EVENTS, id=elsewhere.id)
    letters = await _letters(tmp_path)
    readers = {
        address
        for address in ("owner@expiring.example", "admin@expiring.example", "editor@expiring.example")
        if any(address in text for text in letters)
    }
    assert readers == {"owner@expiring.example", "admin@expiring.example"}
    assert all("The ending" in text and "/admin/sign-on/ending" in text for text in letters)


async def test_the_visit_passes_over_organizations_without_saml(pool: Database, registry: Registry, migrated: TenantSettings, tmp_path: Path) -> None:
    other = await house_of(migrated, pool, replace(GLOBEX, slug="without-saml"))
    warnings = CertificateWarnings(pool, registry, FolderPostman("http://localhost:8000", "no-reply@localhost", tmp_path))
    listed = next(one for one in await registry.all() if one.id == other.tenant.id)

    assert serves(listed.revision)
    assert await warnings(listed) is False
    assert await _letters(tmp_path) == []


def test_the_narrowest_span_that_holds_is_told_and_nothing_while_another_certificate_goes_on() -> None:
    now = datetime.now(UTC)
    own = secrets_of(pair_of("own", days=900))
    settings = {"entity_id": "x", "sso_url": "https://x.example", "certificates": [pair_of("ends-20", days=20).certificate]}
    connection = Connection(new_id(), "x", "saml", "X", True, True, "reader", settings, own)  # noqa: FBT003
    rolling = replace(connection, settings={**settings, "certificates": [*settings["certificates"], pair_of("ends-300", days=300).certificate]})

    found = [[one.within for one in endings(connection, now + timedelta(days=days))] for days in (-20, 0, 7, 14, 19.5, 21)]

    assert found == [[], [30], [14], [7], [1], [0]]
    assert endings(rolling, now) == []
    assert [one.whose for one in endings(rolling, now + timedelta(days=890))] == ["provider", "own"]
