"""People who sign in by a real directory, in a browser, at two organizations at once."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.authenticator import comes_in_with_a_code, set_up, trust_no_provider
from tests.e2e.conftest import Running
from tests.peers import openldap
from tests.peers.openldap import READER_PASSWORD, Directory

Peers = dict[str, Directory]
pytestmark = [
    pytest.mark.skipif(not openldap.SLAPD.exists(), reason="peer slapd is not installed"),
    pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning"),  # ldap3 drops sockets of servers that do not answer yet
]


@pytest.fixture(scope="module")
def directories() -> Iterator[Peers]:
    with ExitStack() as stack:
        started = {slug: stack.enter_context(openldap.running(slug)) for slug in ("acme", "globex")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()  # what ldap3 dropped is closed before a test that may look closer
        yield started


@pytest.fixture(scope="module")
async def connected(running: Running, directories: Peers, tmp_path_factory: pytest.TempPathFactory) -> Peers:
    folder = tmp_path_factory.mktemp("directories")
    (folder / "password").write_text(READER_PASSWORD)
    for slug, directory in directories.items():
        (folder / f"{slug}.pem").write_text(directory.ca)
        told = {
            "--url": directory.ldaps, "--base-dn": directory.base, "--user-filter": "(uid={login})", "--bind-dn": directory.reader,
            "--bind-password-file": str(folder / "password"), "--ca-file": str(folder / f"{slug}.pem"),
            "--label": f"{slug.title()} people", "--domain": f"{slug}.example",
        }  # fmt: skip
        code, _, err = await running.imprint("connections", "add", slug, "ldap", "people", *(word for pair in told.items() for word in pair))
        assert code == 0, err
        async with running.client(slug) as client:
            # The server hears of what another process has connected within seconds.
            while not (await client.get("/auth/ldap/people")).is_success:
                await asyncio.sleep(0.1)
    return directories


def base(running: Running, slug: str) -> str:
    return f"http://{slug}.localhost:{running.port}"


async def _sign_in(page: Page, running: Running, slug: str) -> None:
    await page.goto(f"{base(running, slug)}/auth/login")
    await page.get_by_role("link", name=f"Continue with {slug.title()} people").click()
    await page.get_by_label("Name").fill("dora")
    await page.get_by_label("Password").fill("dorapw")
    await page.get_by_role("button", name="Sign in").click()


@pytest.mark.usefixtures("connected")
async def test_people_of_two_organizations_sign_in_at_once_each_by_their_own_directory(running: Running, browser: Browser) -> None:
    page = await browser.new_page()
    for slug in ("acme", "globex"):
        await _sign_in(page, running, slug)
        await expect(page.get_by_role("heading", name=f"Dora of {slug}")).to_be_visible()
    for slug in ("acme", "globex"):
        await page.goto(f"{base(running, slug)}/auth/account")
        await expect(page.get_by_role("heading", name=f"Dora of {slug}")).to_be_visible()


@pytest.mark.parametrize("slug", ["acme", "globex"])
@pytest.mark.usefixtures("connected")
async def test_a_code_is_asked_for_within_the_round_trip_where_somebody_has_an_authenticator(running: Running, browser: Browser, slug: str) -> None:
    page = await browser.new_page()

    async def sign_in_there() -> None:
        await _sign_in(page, running, slug)

    await trust_no_provider(running, slug)
    await sign_in_there()
    await expect(page.get_by_role("heading", name=f"Dora of {slug}")).to_be_visible()
    authenticator = await set_up(page, base(running, slug))  # the directory was given her password just now

    await comes_in_with_a_code(page, base(running, slug), sign_in_there, authenticator, f"Dora of {slug}")
