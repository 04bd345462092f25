"""An operator with a browser, from the link that invited them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import httpx
import pyotp

from auth.operators.accounts import Invited
from tenants.settings import TenantSettings
from tests.forms import form_of
from tests.integration.owner import as_owner

PASSWORD = "three words together"
_SECRET = re.compile(r"<code>([A-Z2-7]+)</code>")
_OFFERED = re.compile(r'name="offered" value="([0-9a-f]+)"')


@dataclass(slots=True)
class Person:
    """An operator with a browser of their own."""

    invited: Invited
    browser: httpx.AsyncClient
    secret: str = ""
    offered: str = ""

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + steps * 30)

    async def form(self, path: str = "/sign-in") -> str:
        return form_of(await self.browser.get(path))

    async def send(self, path: str, **fields: str) -> httpx.Response:
        return await self.browser.post(path, data={"form": await self.form(path if path.startswith("/enrol") else "/sign-in"), **fields})

    async def follow(self) -> httpx.Response:
        """Their link, to the page with a secret of its own."""
        page = await self.browser.get(f"/enrol/{self.invited.link}")
        secret, offered = _SECRET.search(page.text), _OFFERED.search(page.text)
        assert secret
        assert offered
        self.secret, self.offered = secret[1], offered[1]
        return page

    async def enrol(self, password: str = PASSWORD, code: str | None = None) -> httpx.Response:
        if not self.secret:
            await self.follow()
        return await self.send(f"/enrol/{self.invited.link}", offered=self.offered, password=password, code=code or self.code())

    async def sign_in(self, **given: str) -> httpx.Response:
        """With the code of the next half minute, which is taken too: that of this one was used to enrol."""
        return await self.send("/sign-in", **{"email": self.invited.email, "password": PASSWORD, "code": self.code(1), **given})


async def audited(settings: TenantSettings, actor: str) -> list[tuple[str, str | None]]:
    async with as_owner(settings) as owner:
        rows = await owner.fetch("SELECT action, details ->> 'check' AS check FROM control.operator_audit WHERE actor = $1 ORDER BY at, id", actor)
    return [(row["action"], row["check"]) for row in rows]
