"""What the doctor says of an installation in which something was left undone."""

from __future__ import annotations

from dataclasses import replace

from migrations.provisioning import HeadProvisioner
from ops.doctor import Check, examine
from tenants import lifecycle
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.migrations.commands import environment
from tests.integration.owner import as_owner


async def _looked(settings: TenantSettings, name: str) -> Check:
    more = {"IMPRINT_PUBLIC_URL": "http://localhost:8000"}
    return next(check for check in await examine(environment(settings, **more)) if check.check == name)


async def test_the_doctor_names_whoever_was_left_half_made_or_half_removed(installation: TenantSettings) -> None:
    for slug in ("begun", "going", "just-now"):
        await lifecycle.create(installation, HeadProvisioner(), tenant_slug(slug), slug.title(), "basic")
    assert (await _looked(installation, "unfinished")).ok

    async with as_owner(installation) as owner:
        await owner.execute("UPDATE control.organizations SET status = 'deleting', purge_began_at = now() WHERE slug = 'going'")
        await owner.execute("UPDATE control.organizations SET updated_at = now() - interval '2 hours' WHERE slug <> 'just-now'")
    found = await _looked(installation, "unfinished")

    assert (found.ok, found.found) == (False, "begun (half made), going (half removed)")
    assert "imprint tenants purge SLUG" in found.mend


async def test_the_doctor_says_that_postgres_does_not_let_the_server_in(installation: TenantSettings) -> None:
    wrong = replace(installation, database_url=installation.database_url.replace(":b@", ":wrong@"))

    found = await _looked(wrong, "postgres")

    assert (found.ok, "password authentication failed" in found.found) == (False, True)
    assert "correct IMPRINT_DATABASE_URL" in found.mend
