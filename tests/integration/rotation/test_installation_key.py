"""The installation's own key: a new one first, everything brought under it, the old one removed."""

from __future__ import annotations

import json

import pytest

from auth.realms.realms import Realms
from auth.signing import SigningKeys
from ops.doctor import examine
from ops.rotating import EVERY_ORGANIZATION, rotate
from tenants.database import Database
from tenants.registry import Registry, TenantLocked
from tenants.rotation.installation import KeysMissing
from tenants.secrets import Keyring, Undecipherable, new_key
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import environment, imprint
from tests.integration.owner import as_owner
from tests.integration.rotation.conftest import Installation, author_found, tenant_now
from tests.quiet import quiet
from workers.realms import build


async def keys_check(settings: TenantSettings) -> tuple[bool, str]:
    found = {check.check: check for check in await examine(environment(settings))}
    return found["keys"].ok, found["keys"].found


async def author_at_home(settings: TenantSettings) -> bool:
    """Whether the installation finds the author of globex by address."""
    async with Database(settings, connections=1) as pool:
        realms = Realms(pool, Keyring(settings.secret_keys))
        if not await realms.homes_of("author@globex.example"):
            await build(pool, realms, await tenant_now(settings, "globex"))
        return [home.slug for home in await realms.homes_of("author@globex.example")] == ["globex"]


async def opens(settings: TenantSettings) -> tuple[bool, bool]:
    """Whether these keys open acme, and every signing key."""
    async with Database(settings, connections=1) as pool:
        keyring = Keyring(settings.secret_keys)
        try:
            organization = await Registry(pool, keyring).by_slug("acme") is not None
        except TenantLocked:
            organization = False
        try:
            signing = bool(await SigningKeys(pool, keyring, overlap=0).all())
        except Undecipherable:
            signing = False
    return organization, signing


async def test_everything_opens_with_the_new_key_alone_afterwards_and_nothing_with_the_old(inhabited: Installation) -> None:
    old, new = inhabited.first_key, new_key()
    both = inhabited.with_keys(new, old)
    assert await author_at_home(inhabited.settings)
    before = await keys_check(both)

    done = await rotate(both, None, wait=0, say=quiet)
    again = await rotate(both, None, wait=0, say=quiet)

    assert (before[0], "2 organizations' keys, 1 signing keys" in before[1]) == (False, True)
    assert (done.organizations, done.signing_keys, done.tenant_keys, done.failed) == (2, 1, [], [])
    assert (again.organizations, again.signing_keys, again.tenant_keys) == (0, 0, [])
    assert await opens(inhabited.with_keys(new)) == (True, True)
    assert await opens(inhabited.with_keys(old)) == (False, False)
    assert await author_found(inhabited.with_keys(new), "globex")
    assert await author_at_home(inhabited.with_keys(new))
    ok, said = await keys_check(both)
    assert ok
    assert "nothing is under the 1 older, which may be removed" in said
    async with as_owner(both) as owner:
        noted = await owner.fetch("SELECT actor, details FROM control.operator_audit WHERE action = 'secrets.rotated'")
    assert [json.loads(row["details"]) for row in noted] == [{"organizations": 2, "signing_keys": 1}]
    assert "@" in noted[0]["actor"]


async def test_nothing_is_changed_where_a_key_is_missing(inhabited: Installation) -> None:
    strange = inhabited.with_keys(new_key(), new_key())

    for which in (None, EVERY_ORGANIZATION):
        with pytest.raises(KeysMissing, match="acme, globex"):
            await rotate(strange, which, wait=0, say=quiet)
    ended = await imprint(strange, "secrets", "rotate", "--json")

    assert (ended.code, ended.json["error"]["code"]) == (3, "KEYS_MISSING")
    assert "KEYS_MISSING" in ended.err
    assert await opens(inhabited.settings) == (True, True)
    assert (await keys_check(strange))[0] is False


async def test_a_key_that_signs_and_does_not_open_stops_the_rotation_before_anything_changed(inhabited: Installation) -> None:
    async with as_owner(inhabited.settings) as owner:
        await owner.execute("UPDATE control.signing_keys SET private_key = '\\x01' || substr(private_key, 2, 40)")
    new = inhabited.with_keys(new_key(), inhabited.first_key)

    with pytest.raises(KeysMissing, match="signs access tokens"):
        await rotate(new, None, wait=0, say=quiet)

    assert (await opens(inhabited.settings))[0]
    assert (await keys_check(new))[0] is False
