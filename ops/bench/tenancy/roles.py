"""What a session pays for its first change of role after roles were added: it reads all its memberships again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

from ops.bench.report import Line
from ops.bench.tenancy.places import Places
from tenants.database import AdminConnection, connect_as_admin
from tenants.ids import new_id
from tenants.lifecycle.making import Names
from tenants.naming import quoted
from tenants.privileges import membership

ROLES, ADDED, ROUNDS = 5_000, 100, 5
DESIGNED_MS = 46.0


async def measured(places: Places) -> list[Line]:
    """Last, since these roles stay."""
    admin, settings = places.admins[0], places.settings
    async with admin.transaction(settings.owner_role):
        names = await Names.read(admin, settings)
    roles = await _add(admin, names, ROLES - len(places.tenants))
    async with connect_as_admin(settings.database_url, "imprint-bench") as login:
        await login.run(f"SET ROLE {quoted(roles[0])}")
        again = [await _switch(login, roles[number]) for number in range(1, 30)]
        first = []
        for _ in range(ROUNDS):
            added = await _add(admin, names, ADDED)
            first.append(await _switch(login, added[0]))
    what = f"first use of a role after {ADDED} were added at {ROLES:,}"
    said = f"{median(first):.0f} ms ({median(again):.2f} ms when none were)"
    return [Line(what, said, f"{DESIGNED_MS:g} ms", median(first) / DESIGNED_MS, 1.0, at_most=True)]


async def _switch(login: AdminConnection, role: str) -> float:
    began = time.perf_counter()
    await login.run(f"SET ROLE {quoted(role)}")
    return (time.perf_counter() - began) * 1000


async def _add(admin: AdminConnection, names: Names, count: int) -> Sequence[str]:
    """In one transaction, as the stock's are."""
    roles = [names.place_of(new_id()).role for _ in range(count)]
    async with admin.transaction():
        await admin.run("SET LOCAL synchronous_commit = off")
        for role in roles:
            await admin.run(f"CREATE ROLE {quoted(role)} NOLOGIN")
            await admin.run(membership(admin.version, role, names.login, inherit=False))
    return roles
