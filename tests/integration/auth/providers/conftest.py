"""Providers of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.ids import new_id
from tests.integration.auth.conftest import client_at
from tests.integration.auth.providers.connecting import Connected, connect
from tests.integration.conftest import House
from tests.peers import openid
from tests.peers.openid import Provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with openid.running() as running:
        yield running


@pytest.fixture
async def connected(auth: Auth, app: ASGIApp, acme: House, provider: Provider) -> AsyncIterator[Connected]:
    provider.honest()
    subject = new_id().hex
    provider.person = {"sub": subject, "email": f"{subject}@acme.example", "email_verified": True, "name": "Olga Penid", "groups": ["staff"]}
    connection = await connect(auth, acme, provider)
    async with client_at(app, "acme.localhost") as browser:
        yield Connected(connection, browser, acme)
