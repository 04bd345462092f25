"""Where somebody is signed in: the place, where the operator named a file that knows it; else the network address alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from litestar.types import ASGIApp

from auth.places import Places
from auth.settings import AuthSettings
from tenants.environment import Environment
from tenants.errors import ConfigurationError
from tenants.settings import TenantSettings
from tests.integration.auth.conftest import NewPerson, client_at
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House
from tests.integration.serving import running
from tests.peers.geoip import file_of

KNOWN: dict[str, dict[str, Any]] = {
    "81.2.69.0/24": {"city": {"names": {"en": "Munich", "de": "München"}}, "country": {"names": {"en": "Germany", "de": "Deutschland"}}},
    "2.125.160.0/20": {"country": {"names": {"en": "Portugal"}}},
    "175.16.199.0/24": {"city": {"names": {"en": ["<b>"]}}},
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("geoip") / "cities.mmdb"
    made.write_bytes(file_of(KNOWN))
    return made


@pytest.fixture(scope="module")
async def placed(migrated: TenantSettings, file: Path) -> AsyncIterator[ASGIApp]:
    async with running(migrated, AuthSettings(geoip=str(file))) as product:
        yield product


async def test_people_see_the_place_in_their_language_beside_the_address(placed: ASGIApp, acme: House, globex: House, new_person: NewPerson) -> None:
    async with AsyncExitStack() as stack:
        pages = []
        for house, address, language in ((acme, "81.2.69.142", "de"), (globex, "81.2.69.142", "en"), (globex, "2.125.160.216", "de")):
            person = await new_person(house)
            browser = await stack.enter_async_context(client_at(placed, f"{house.tenant.slug}.localhost", address=address))
            assert (await sign_in(browser, person)).status_code == 303
            pages.append((await browser.get("/auth/account/sessions", headers={"Accept-Language": language})).text)

    assert "München, Deutschland · 81.2.69.142" in " ".join(pages[0].split())
    assert "Munich, Germany · 81.2.69.142" in " ".join(pages[1].split())
    assert "Portugal · 2.125.160.216" in " ".join(pages[2].split())


def test_an_address_that_the_file_does_not_know_has_no_place(file: Path) -> None:
    places = Places(str(file))

    assert [places.of(address, "en") for address in ("203.0.113.9", "2001:db8::1", "175.16.199.1", None)] == [None] * 4
    assert Places("").of("81.2.69.142", "en") is None


def test_a_file_that_is_none_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    other = tmp_path / "cities.mmdb"
    other.write_text("not of this kind")

    with pytest.raises(ConfigurationError, match="GeoLite2-City"):
        Places(str(other))
    env = Environment({"IMPRINT_GEOIP": str(tmp_path / "nothing")})
    AuthSettings.read(env)
    with pytest.raises(ConfigurationError, match="IMPRINT_GEOIP"):
        env.finish()
