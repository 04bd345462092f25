"""People by the thousand who sign in by their usernames with one password, and some who may not."""

from __future__ import annotations

from auth.passwords import Passwords
from ops.bench.servers import Bench
from ops.bench.tenants import PASSWORD, Measured
from tenants.database import connect_as_admin
from tenants.naming import quoted

GUESTS, EACH = 1_000, 30
STANDINGS = {"wrong": "active", "suspended": "suspended", "unverified": "invited", "provider": "active"}
WITHOUT_PASSWORD = ("provider", "unverified")

_PEOPLE = """
    INSERT INTO {schema}.users (id, username, name, role, status, version, created_at, updated_at)
    SELECT md5('{name}' || i)::uuid, '{name}-' || i, 'Somebody ' || i, 'author', '{status}', 1, now(), now() FROM generate_series(1, {count}) i
"""
_CREDENTIALS = (
    "INSERT INTO {schema}.credentials (user_id, password_hash) SELECT md5('{name}' || i)::uuid, '{hash}' FROM generate_series(1, {count}) i"
)


async def settle(bench: Bench, where: Measured) -> None:
    """guest-1 and so on may come in; of the others there are a few of each standing. Put there past the bus: nothing replays them."""
    passwords = Passwords()
    hashed = await passwords.hash(PASSWORD)
    passwords.close()
    crowds = {"guest": ("active", GUESTS), **{name: (status, EACH) for name, status in STANDINGS.items()}}
    async with connect_as_admin(bench.settings.admin_database_url) as admin:
        await admin.run(f"SET ROLE {quoted(bench.settings.owner_role)}; SET imprint.door = 'bus'")
        for name, (status, count) in crowds.items():
            said = {"schema": quoted(where.tenant.place.schema), "name": name, "status": status, "count": count, "hash": hashed}
            await admin.run(_PEOPLE.format(**said))
            if name not in WITHOUT_PASSWORD:
                await admin.run(_CREDENTIALS.format(**said))
