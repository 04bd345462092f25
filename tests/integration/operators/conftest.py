"""The console as it is served, and operators who come to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from auth.operators import accounts
from ops.console.running import Running
from ops.operators import Console, listen
from ops.settings import OperatorsSettings
from ops.stack.memory import free_port
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.operators.operator import Person

_addresses = itertools.count(1)


@pytest.fixture(scope="session")
def console(migrated: TenantSettings) -> Iterator[Console]:
    settings = OperatorsSettings("127.0.0.1", free_port(), "a-token-for-machines", "http://operators.example:9100")
    pages = Running(migrated, settings.url)
    server = listen(settings, pages, (ip_network("127.0.0.0/8"),))
    yield server
    server.shutdown()
    server.server_close()
    pages.close()


@pytest.fixture
async def people(console: Console, migrated: TenantSettings) -> Any:
    """Makes operators, each at an address of their own, which the proxy before them tells."""
    opened: list[httpx.AsyncClient] = []

    async def make() -> Person:
        invited = await accounts.create(migrated, f"{new_id().hex}@ops.example")
        headers = {"X-Forwarded-For": f"10.8.0.{next(_addresses)}"}
        opened.append(httpx.AsyncClient(base_url=f"http://127.0.0.1:{console.server_port}", headers=headers, timeout=60))
        return Person(invited, opened[-1])

    yield make
    for client in opened:
        await client.aclose()
