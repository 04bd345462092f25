"""A browser at the installation's own address, the worker behind it, and the letters that come."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import httpx

from auth.realms.realms import Realms
from auth.settings import AuthSettings
from ops.organizations.founding import found
from tenants.ids import new_id
from tenants.secrets import Keyring
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.serving import running
from tests.integration.workers.conftest import Line
from tests.letters import letters_in
from workers.front import FrontDesk
from workers.mail import postman
from workers.sign_ups import Founder, SignUpMaker

ORGANIZATIONS = statement("SELECT slug, name, status FROM control.organizations WHERE slug LIKE :slugs ORDER BY slug")
STATES = statement("SELECT state FROM control.sign_ups ORDER BY asked_at, id")


class Newcomer:
    """A browser at the installation's own address, the worker behind it, and the letters that come."""

    def __init__(self, line: Line, app: Any, folder: Path) -> None:
        self.line, self.app, self.folder = line, app, folder
        self.realms = Realms(line.pool, Keyring(line.tenants.secret_keys))
        self.desk = FrontDesk(line.pool, self.realms, postman(line.tenants, replace(line.settings, smtp_url=folder.as_uri())))
        self.client = self.browser("localhost")

    def browser(self, host: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(f"10.7.{new_id().bytes[-1]}.{new_id().bytes[-2]}", 1))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000", headers={"Origin": f"http://{host}:8000"})

    async def ask(self, slug: str, email: str, name: str = "The Gazette", invitation: str = "") -> httpx.Response:
        page = await self.client.get("/auth/sign-up", params={"invitation": invitation} if invitation else None)
        fields = {"name": name, "slug": slug, "email": email, "invitation": invitation, "form": form_of(page)}
        return await self.client.post("/auth/sign-up", data=fields)

    async def links(self) -> dict[str, str]:
        """The path that the latest letter to each address leads to."""
        while await self.desk.step():
            continue
        found: dict[str, str] = {}
        for one in letters_in(self.folder):
            path = re.search(r"http://localhost:8000(/auth/\S+)", one.text)
            assert path
            found[one.to] = path[1]
        return found

    async def confirm(self, path: str) -> httpx.Response:
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        fields = {"token": path.partition("token=")[2], "form": form_of(page)}
        return await self.client.post("/auth/sign-up/confirm", data=fields)

    async def opened(self, path: str) -> httpx.Response:
        """The button of the page behind which the organization is."""
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        assert "form-action 'self' http://*.localhost:8000" in page.headers["content-security-policy"]  # its answer leads there
        fields = {"token": path.partition("token=")[2], "form": form_of(page)}
        return await self.client.post("/auth/sign-up/ready", data=fields)

    async def made(self, founder: Founder = found) -> bool:
        """One turn of the worker; whether it found anything to do."""
        maker = SignUpMaker(self.line.tenants, self.line.pool, self.realms.key, founder)
        return await maker.step()

    async def organizations(self, slugs: str) -> list[tuple[str, str, str]]:
        async with self.line.pool.control() as connection:
            return [(row["slug"], row["name"], row["status"]) for row in await connection.fetch(ORGANIZATIONS, slugs=slugs)]

    async def states(self) -> list[str]:
        async with self.line.pool.control() as connection:
            return [row["state"] for row in await connection.fetch(STATES)]


@dataclass(frozen=True, slots=True)
class Opening:
    line: Line
    folder: Path
    stack: AsyncExitStack

    async def __call__(self, mode: Literal["off", "invite", "open"]) -> Newcomer:
        app = await self.stack.enter_async_context(running(self.line.tenants, AuthSettings(sign_up=mode)))
        newcomer = Newcomer(self.line, app, self.folder)
        await self.stack.enter_async_context(newcomer.client)
        return newcomer
