"""The installation's own address, and the letters that leave it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import httpx
from litestar.types import ASGIApp

from auth.realms.realms import Realms
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.workers.conftest import Line
from tests.letters import letters_in
from workers.front import FrontDesk
from workers.mail import postman

WAITING = statement("SELECT count(*) FROM control.front_letters")


class Door:
    """The installation's own address, and the letters that leave it."""

    def __init__(self, app: ASGIApp, line: Line, realms: Realms, folder: Path) -> None:
        address = f"10.9.{new_id().bytes[-1]}.{new_id().bytes[-2]}"
        transport = httpx.ASGITransport(app, client=(address, 1))  # type: ignore[arg-type] # Litestar types ASGI more closely
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers={"Origin": "http://localhost:8000"})
        self.line, self.folder = line, folder
        carrier = postman(line.tenants, replace(line.settings, smtp_url=folder.as_uri()))
        self.desk = FrontDesk(line.pool, realms, carrier)

    async def find(self, typed: str, **headers: str) -> httpx.Response:
        return await self.client.post("/auth/find", data={"organization": typed}, headers=headers)

    async def waiting(self) -> int:
        async with self.line.pool.control() as connection:
            return int(await connection.fetchval(WAITING))

    async def letters(self) -> list[tuple[str, list[str]]]:
        """To whom, and where its links lead, of every letter that what was asked until now leads to."""
        while await self.desk.step():
            continue
        assert await self.waiting() == 0
        return sorted((one.to, re.findall(r"http://\S+", one.text)) for one in letters_in(self.folder))
