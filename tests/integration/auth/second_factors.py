"""A second factor, as somebody has it and types it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import httpx
import pyotp

from auth.service import Auth
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.forms import value_of
from tests.integration.auth.conftest import Person
from tests.integration.auth.signing_in import sign_in

CODES = re.compile(r"<code>([A-Z0-9]{5}-[A-Z0-9]{5})</code>")
BACK_IN_TIME = statement("UPDATE __tenant__.authenticators SET last_step = last_step - 10 WHERE user_id = :user_id")


@dataclass(frozen=True, slots=True)
class Enrolled:
    person: Person
    secret: str
    recovery: list[str]

    def code(self, seconds: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + seconds)


async def type_code(browser: httpx.AsyncClient, address: str, code: str) -> httpx.Response:
    page = (await browser.get(address)).text
    form, at = value_of(page, "form"), value_of(page, "at")
    return await browser.post("/auth/second-factor", data={"form": form, "at": at, "code": code})


async def enrol(auth: Auth, person: Person) -> Enrolled:
    begun = await auth.parts.factors.begin(person.tenant, person.user_id, "Acme", "a browser")
    code = pyotp.TOTP(begun.secret).now()
    recovery = await auth.parts.factors.confirm(person.tenant, person.user_id, code, "a browser", "192.0.2.1", Cause(new_id()))
    await as_if_later(auth, person)
    return Enrolled(person, begun.secret, recovery)


async def as_if_later(auth: Auth, person: Person) -> None:
    """So that the code of this half minute is good once more."""
    async with transaction(auth.parts.connections._database, person.tenant, Cause(new_id())) as change:
        await change.connection.execute(BACK_IN_TIME, user_id=person.user_id)


async def remember(auth: Auth, browser: httpx.AsyncClient, enrolled: Enrolled, *, chosen: bool = True) -> httpx.Response:
    """They sign in with password and code, and choose not to be asked here again."""
    first = (await sign_in(browser, enrolled.person)).headers["location"]
    page = (await browser.get(first)).text
    form, at = value_of(page, "form"), value_of(page, "at")
    chosen_fields = {"remember": "on"} if chosen else {}
    done = await browser.post("/auth/second-factor", data={"form": form, "at": at, "code": enrolled.code(), **chosen_fields})
    assert done.status_code == 303
    await as_if_later(auth, enrolled.person)
    return done
