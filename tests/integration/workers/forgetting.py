"""Somebody who forgot their password, at a browser, and the letters that come."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx

from app.bus import Bus
from app.main import Product
from app.users.commands import ActivateUser, InviteUser, SuspendUser
from auth.passwords import Passwords
from auth.principal import SYSTEM
from tenants.ids import new_id
from tenants.statements import Statement, statement
from tenants.transaction import Cause, transaction
from tests.forms import form_of
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line
from tests.letters import letters_in
from workers.deliveries import Deliverer
from workers.mail import postman
from workers.timers import TimerRunner

OLD, NEW = "three words together", "a lantern in the orchard"
TIMERS = statement("SELECT id FROM control.timers WHERE role = :role AND kind = 'auth.reset_asked' ORDER BY due_at, id")
LET_GO = statement("UPDATE control.leases SET until = now() - interval '1 second' WHERE name = 'timers'")
HASH = statement(
    "INSERT INTO __tenant__.credentials (user_id, password_hash) VALUES (:id, :hash) ON CONFLICT (user_id) DO UPDATE SET password_hash = :hash"
)


class Visitor:
    """A browser at the organization's address, the worker behind it, and the folder into which letters fall."""

    def __init__(self, line: Line, bus: Bus, house: House, app: Product, folder: Path) -> None:
        self.line, self.bus, self.house, self.app, self.folder = line, bus, house, app, folder
        self.deliverer = Deliverer(line.pool, line.registry, postman(line.tenants, replace(line.settings, smtp_url=folder.as_uri())), line.settings)
        self.client = self.browser("absent-minded")

    def browser(self, slug: str) -> httpx.AsyncClient:
        address = f"10.8.{new_id().bytes[-1]}.{new_id().bytes[-2]}"
        transport = httpx.ASGITransport(self.app, client=(address, 1))  # type: ignore[arg-type] # ASGI is ASGI
        return httpx.AsyncClient(transport=transport, base_url=f"http://{slug}.localhost:8000", headers={"Origin": f"http://{slug}.localhost:8000"})

    async def person(self, name: str, *, status: str = "active", password: bool = True) -> UUID:
        user_id, tenant = new_id(), self.house.tenant
        await self.bus.execute(tenant, InviteUser(user_id, f"{name}@absent-minded.example", name, username=name), SYSTEM, correlation_id=new_id())
        if status != "invited":
            await self.bus.execute(tenant, ActivateUser(user_id), SYSTEM, correlation_id=new_id())
        if password:
            with closing(Passwords(workers=1)) as passwords:
                hashed = await passwords.hash(OLD)
            async with transaction(self.line.pool, tenant, Cause(new_id())) as tx:
                await tx.connection.execute(HASH, id=user_id, hash=hashed)
        if status == "suspended":
            await self.bus.execute(tenant, SuspendUser(user_id), SYSTEM, correlation_id=new_id())
        return user_id

    async def ask(self, login: str) -> httpx.Response:
        form = form_of(await self.client.get("/auth/forgot"))
        return await self.client.post("/auth/forgot", data={"login": login, "form": form})

    async def letters(self) -> list[tuple[str, str]]:
        """To whom, and what it says, of every letter that what was asked until now leads to."""
        async with self.line.pool.control() as connection:
            await connection.execute(LET_GO)
        await TimerRunner(self.line.pool, "tested").step()
        async with self.line.pool.control() as connection:
            timers = [row["id"] for row in await connection.fetch(TIMERS, role=self.house.tenant.place.role)]
        for timer in timers:
            for row in await self.line.deliveries(timer):
                await self.deliverer.deliver(row["id"], row["organization_id"], row["event_id"], row["handler"])
            assert {row["state"] for row in await self.line.deliveries(timer)} <= {"done"}
        return sorted((one.to, one.text) for one in letters_in(self.folder))

    async def path(self) -> str:
        """Where the only letter's link leads."""
        [(_, text)] = await self.letters()
        found = re.search(r"http://absent-minded\.[^/]+(/auth/reset\?\S+)", text)
        assert found, text
        return found[1]

    async def choose(self, path: str, password: str = NEW, *, browser: httpx.AsyncClient | None = None) -> httpx.Response:
        client = browser or self.client
        page = await client.get(path)
        assert page.status_code == 200, page.text
        token = path.partition("token=")[2]
        return await client.post("/auth/reset", data={"token": token, "password": password, "form": form_of(page)})

    async def signs_in(self, login: str, password: str) -> bool:
        async with self.browser("absent-minded") as client:
            form = form_of(await client.get("/auth/login"))
            answer = await client.post("/auth/login", data={"login": login, "password": password, "form": form})
            return answer.status_code == 303

    async def rows(self, query: Statement, **values: object) -> list[object]:
        async with self.line.pool.reading(self.house.tenant.place) as connection:
            return [value for row in await connection.fetch(query, **values) for _, value in row.items()]
