"""Making places: cold, against the same statements by hand, and from the stock, against cold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from statistics import median

from migrations.provisioning import HeadProvisioner
from ops.bench.floors import ddl
from ops.bench.report import Line
from ops.bench.tenancy.places import Places
from tenants import lifecycle
from tenants.database import AdminConnection
from tenants.lifecycle import stock
from tenants.naming import group_for
from tenants.slugs import tenant_slug
from tenants.tiers import BASIC

ROUNDS, PLACES_A_ROUND, CLAIMED, MADE_SLOWLY = 4, 50, 50, 10
MADE = ROUNDS * PLACES_A_ROUND + CLAIMED + MADE_SLOWLY


async def measured(places: Places) -> list[Line]:
    """Two hundred places on each side, in turns."""
    prefix = await _prefix(places)
    ours, floors = [], []
    for number in range(ROUNDS):
        seconds, made = await ddl.provision(
            places.settings.admin_database_url, places.settings.owner_role, places.settings.login_role, prefix, PLACES_A_ROUND
        )
        floors.append(seconds)
        await ddl.remove(places.settings.admin_database_url, places.settings.owner_role, prefix, made)
        ours.append(await _provision(places, f"cold-{number}", PLACES_A_ROUND))
    ratio = median(floor / own for floor, own in zip(floors, ours, strict=True))
    own, by_hand = (f"{PLACES_A_ROUND / median(times):.1f}/s" for times in (ours, floors))
    cold = Line("places made cold, two connections", own, by_hand, ratio, 0.8)
    return [cold, await _claims(places)]


async def _provision(places: Places, name: str, count: int) -> float:
    numbers = iter(range(count))
    began = time.perf_counter()
    await asyncio.gather(*(_create(places, admin, name, numbers) for admin in places.admins))
    return time.perf_counter() - began


async def _create(places: Places, admin: AdminConnection, name: str, numbers: Iterator[int]) -> None:
    provisioner = HeadProvisioner()
    for number in numbers:
        await lifecycle.create(places.settings, provisioner, tenant_slug(f"{name}-{number}"), name, BASIC, admin=admin)


async def _claims(places: Places) -> Line:
    """One after the other on one connection, both ways."""
    admin, provisioner = places.admins[0], HeadProvisioner()
    cold = await _each(places, "slow", MADE_SLOWLY)
    await stock.fill(admin, places.settings, provisioner, CLAIMED)
    claimed = await _each(places, "quick", CLAIMED)
    quick, slow = (f"{median(times) * 1000:.1f} ms" for times in (claimed, cold))
    return Line("a place claimed from the stock, over one made cold", quick, slow, median(claimed) / median(cold), 0.1, at_most=True)


async def _each(places: Places, name: str, count: int) -> list[float]:
    times = []
    for number in range(count):
        began = time.perf_counter()
        await lifecycle.create(places.settings, HeadProvisioner(), tenant_slug(f"{name}-{number}"), name, BASIC, admin=places.admins[0])
        times.append(time.perf_counter() - began)
    return times


async def _prefix(places: Places) -> str:
    admin = places.admins[0]
    async with admin.transaction(places.settings.owner_role):
        prefix = str(await admin.value("SELECT role_prefix FROM control.installation"))
    return group_for(prefix).removesuffix("_tenants")
