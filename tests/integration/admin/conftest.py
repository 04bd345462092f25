"""An administrator in the console, and a provider to connect there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from litestar.types import ASGIApp

from tests.integration.admin.console import signed_in
from tests.integration.auth.conftest import *  # noqa: F403 - the fixtures of signing in
from tests.integration.auth.conftest import NewPerson
from tests.integration.conftest import House
from tests.peers import openid
from tests.peers.openid import Provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with openid.running() as running:
        running.honest()
        yield running


@pytest.fixture
async def admin(app: ASGIApp, acme: House, new_person: NewPerson) -> AsyncIterator[httpx.AsyncClient]:
    browser = await signed_in(app, await new_person(acme, role="admin"))
    yield browser
    await browser.aclose()
