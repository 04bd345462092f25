"""A connection whose sealed secrets do not open: the others go on, and whoever can mend it learns of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from litestar.types import ASGIApp

from auth.saml.expiry import endings
from auth.service import Auth
from auth.sso.connections import Connection, sealed_secrets
from ops.demo.people import ACME
from ops.organizations.connecting import Connecting
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.admin.console import send, signed_in
from tests.integration.auth.arriving import connected
from tests.integration.auth.conftest import NewPerson, client_at
from tests.integration.conftest import House, house_of

SPOIL = statement("UPDATE __tenant__.connections SET secrets = :secrets WHERE id = :id")
KEPT = statement("SELECT secrets FROM __tenant__.connections WHERE id = :id")
TRACE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(ACME, slug=f"u{new_id().hex[-12:]}"))


async def spoil(pool: Database, auth: Auth, tenant: Tenant, connection: Connection) -> bytes:
    """Sealed for another row, as after a change by hand."""
    sealed = sealed_secrets(tenant.key, new_id(), connection.secrets)
    async with transaction(pool, tenant, Cause(new_id())) as change:
        await change.connection.execute(SPOIL, id=connection.id, secrets=sealed)
    auth.parts.connections.forget(tenant)
    return sealed


def connecting(auth: Auth, pool: Database, tenant: Tenant) -> Connecting:
    parts = auth.parts
    return Connecting(tenant, pool, parts.connections, parts.email_domains, parts.modules, parts.addresses)


async def test_the_sign_in_page_goes_on_and_says_which_way_is_not_there(
    app: ASGIApp, auth: Auth, pool: Database, house: House, globex: House
) -> None:
    good, bad = await connected(auth, house, label="Good"), await connected(auth, house, label="Bad")
    await connected(auth, globex)
    await spoil(pool, auth, house.tenant, bad)

    async with client_at(app, f"{house.tenant.slug}.localhost") as client, client_at(app, "globex.localhost") as elsewhere:
        page = await client.get("/auth/login")
        begun = await client.get(f"/auth/oidc/{bad.name}/login")
        other = await elsewhere.get("/auth/login")

    assert (page.status_code, other.status_code, begun.status_code) == (200, 200, 503)
    assert ("Continue with Good" in page.text, "Continue with Bad" in page.text, "Bad is not available" in page.text) == (True, False, True)
    assert f"/auth/oidc/{good.name}/login" in page.text
    trace = TRACE.search(begun.text)
    assert trace
    (refused,) = await auth.parts.trail.refusals(house.tenant, trace=trace[0])
    assert (refused.connection, refused.check) == (bad.name, "secrets_open")
    assert await auth.parts.trail.refusals(globex.tenant, trace=trace[0]) == []


async def test_its_administrator_sees_it_and_changes_what_is_no_secret_without_losing_the_sealed(
    app: ASGIApp, auth: Auth, pool: Database, house: House, new_person: NewPerson
) -> None:
    bad = await connected(auth, house, label="Bad")
    sealed = await spoil(pool, auth, house.tenant, bad)
    admin = await signed_in(app, await new_person(house, role="admin"))

    overview, shown = await admin.get("/admin/sign-on"), await admin.get(f"/admin/sign-on/{bad.name}?examine")
    off = await send(admin, f"/admin/sign-on/{bad.name}", f"/admin/sign-on/{bad.name}/switch", on="")
    async with pool.reading(house.tenant.place) as connection:
        kept = await connection.fetchval(KEPT, id=bad.id)
    mended = await auth.parts.connections.change(
        house.tenant, bad.name, lambda known: replace(known, secrets={"new": "one"}, unopened=None), Cause(new_id())
    )
    after = await auth.parts.connections.named(house.tenant, bad.name)
    gone = await send(admin, f"/admin/sign-on/{bad.name}", f"/admin/sign-on/{bad.name}/remove", confirm=bad.name)
    await admin.aclose()

    assert "Secrets unreadable" in overview.text
    assert ("cannot be read any more" in shown.text, "Secrets can be read" in shown.text, "Test sign-in" in shown.text) == (True, True, False)
    assert (off.status_code, bytes(kept)) == (303, sealed)
    assert (mended.unopened, after.unopened, after.secrets, after.enabled) == (None, None, {"new": "one"}, False)
    assert gone.status_code == 303


async def test_operators_are_told_by_the_list_and_the_test(auth: Auth, pool: Database, house: House) -> None:
    good, bad = await connected(auth, house), await connected(auth, house)
    await spoil(pool, auth, house.tenant, bad)
    operator = connecting(auth, pool, house.tenant)

    listed = {row["name"]: row["trouble"] for row in await operator.all()}
    checks = await operator.test(bad.name)

    assert listed == {
        good.name: "",
        bad.name: "its secrets do not open; give it others by `imprint connections change`, or remove it and add it again",
    }
    assert [(check.name, check.passed) for check in checks] == [("secrets_open", False)]


def test_certificates_that_cannot_be_read_are_not_warned_of() -> None:
    settings = {"entity_id": "https://idp.example", "sso_url": "https://idp.example/sso", "certificates": []}
    unread = Connection(new_id(), "c", "saml", "C", True, True, "reader", settings, unopened=b"?")  # noqa: FBT003
    from datetime import UTC, datetime

    assert endings(unread, datetime.now(UTC)) == []
