"""Passkeys, as a browser and a device make and prove them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

import httpx
from litestar.types import ASGIApp

from auth.service import Auth
from tests.authenticators import Device
from tests.forms import value_of
from tests.integration.auth.conftest import Person, client_at
from tests.integration.auth.second_factors import CODES
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House

OPTIONS = re.compile(r'data-options="([^"]+)"')
REFUSED = "You could not be signed in."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page asks of the device, and what its form sends along."""

    options: str
    fields: dict[str, str]


def origin_of(person: Person) -> str:
    return f"http://{person.tenant.slug}.localhost:8000"


def asked_on(page: str) -> Asked:
    options = OPTIONS.search(page)
    assert options
    return Asked(html.unescape(options[1]), {name: value_of(page, name) for name in ("form", "asked")})


async def asked_at(client: httpx.AsyncClient, address: str) -> Asked:
    return asked_on((await client.get(address)).text)


async def register(client: httpx.AsyncClient, device: Device, name: str = "A phone", **bent: Any) -> httpx.Response:
    """Of whoever is signed in there."""
    asked = await asked_at(client, "/auth/account/second-factor")
    return await client.post("/auth/account/passkeys", data={**asked.fields, "name": name, "credential": device.make(asked.options, **bent)})


async def enter(client: httpx.AsyncClient, device: Device, **bent: Any) -> httpx.Response:
    asked = await asked_at(client, "/auth/passkey?next=/auth/account/tokens")
    credential = device.prove(asked.options, **bent)
    return await client.post("/auth/passkey", data={**asked.fields, "next": "/auth/account/tokens", "credential": credential})


async def device_of(app: ASGIApp, person: Person, **kind: Any) -> Device:
    """Registered, by somebody who signed in with their password."""
    device = Device(origin_of(person), **kind)
    async with client_at(app, f"{person.tenant.slug}.localhost") as client:
        await sign_in(client, person)
        done = await register(client, device)
    assert len(CODES.findall(done.text)) == 10
    return device


async def checks_failed(auth: Auth, house: House, most: int) -> list[str]:
    """What the audit log says of the latest refusals, the newest first."""
    return [refused.check for refused in await auth.parts.trail.refusals(house.tenant, most=most)]
