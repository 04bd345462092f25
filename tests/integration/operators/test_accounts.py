"""Operators' accounts, and who may change what is known of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auth.operators import accounts
from tenants.database import Database
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.secrets import Keyring
from tenants.settings import TenantSettings


async def test_accounts_are_made_listed_and_removed_by_address(migrated: TenantSettings) -> None:
    email = f"Kim-{new_id().hex}@Ops.example"
    await accounts.create(migrated, email)

    with pytest.raises(Conflict, match="operator already"):
        await accounts.create(migrated, email.upper())
    with pytest.raises(ValidationFailed, match="address like"):
        await accounts.create(migrated, "kim")
    (listed,) = [one for one in await accounts.everyone(migrated) if one["email"] == email.lower()]
    assert (listed["state"], listed["sessions"], listed["last_sign_in"]) == ("invited", 0, None)
    await accounts.remove(migrated, email)
    with pytest.raises(NotFound, match="no operator"):
        await accounts.remove(migrated, email)


async def test_the_servers_role_makes_no_operator_and_changes_no_line_of_the_audit(migrated: TenantSettings, pool: Database) -> None:
    import asyncpg

    connection = await asyncpg.connect(migrated.database_url)
    try:
        for attempt in (
            "INSERT INTO control.operators (id, email, secret, created_by) VALUES (gen_random_uuid(), 'x@x.example', '', 'x')",
            "DELETE FROM control.operators",
            "UPDATE control.operators SET email = 'x@x.example'",
            "UPDATE control.operators SET created_by = 'x'",
            "UPDATE control.operators SET id = gen_random_uuid()",
            "UPDATE control.operator_audit SET actor = 'x'",
            "DELETE FROM control.operator_audit",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(attempt)
    finally:
        await connection.close()


async def test_a_new_installation_key_takes_the_second_factors_along(people: Any, migrated: TenantSettings, pool: Database) -> None:
    from auth.operators.resealing import outdated, rewrap

    nell = await people()
    await nell.enrol()
    renewed = replace(migrated, secret_keys=(b"n" * 32, *migrated.secret_keys))
    keyring = Keyring(renewed.secret_keys)

    assert nell.invited.email in await outdated(pool, keyring)
    await rewrap(pool, keyring)
    assert await outdated(pool, keyring) == []
    await rewrap(pool, Keyring((*migrated.secret_keys, b"n" * 32)))
    assert (await nell.sign_in()).status_code == 303
