"""People who sign in through a real OpenID provider, in a browser, at two organizations at once."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.authenticator import comes_in_with_a_code, set_up, trust_no_provider
from tests.e2e.conftest import Running
from tests.peers.oidc_provider import CLIENT, SECRET, OidcProvider, missing, oidc_provider

Peers = dict[str, OidcProvider]


@pytest.fixture(scope="module")
def providers(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peers]:
    if why := missing():
        pytest.skip(why)  # outside Debian with root the peer is named, and only its tests are left out
    folder = tmp_path_factory.mktemp("openid")
    with ExitStack() as stack:
        yield {slug: stack.enter_context(oidc_provider(folder, slug, base(running, slug))) for slug in ("acme", "globex")}


@pytest.fixture(scope="module")
async def connected(running: Running, providers: Peers, tmp_path_factory: pytest.TempPathFactory) -> Peers:
    file: Path = tmp_path_factory.mktemp("secret") / "client"
    file.write_text(SECRET)
    for slug, peer in providers.items():
        terms = ("--domain", f"{slug}.example", "--map", "editors=editor", "--map", "staff=author", "--label", f"{slug.title()} OpenID")
        client = ("--issuer", peer.issuer, "--client-id", CLIENT, "--client-secret-file", str(file), "--scopes", "openid email profile groups")
        code, out, err = await running.imprint("connections", "add", slug, "oidc", "openid", *client, *terms, "--json")
        assert code == 0, err
        assert json.loads(out)["settings"]["issuer"] == peer.issuer
        async with running.client(slug) as browser:
            # The server hears of what another process has connected within seconds.
            while "OpenID" not in (await browser.get("/auth/login")).text:
                await asyncio.sleep(0.1)
    return providers


def base(running: Running, slug: str) -> str:
    return f"http://{slug}.localhost:{running.port}"


async def _log_in(page: Page, running: Running, slug: str, person: str) -> None:
    """As far as the provider's question whether they agree."""
    await page.goto(f"{base(running, slug)}/auth/login")
    await page.get_by_role("link", name=f"Continue with {slug.title()} OpenID").click()
    await _log_in_there(page, person)
    await expect(page.get_by_role("button", name="Continue")).to_be_visible()


async def _log_in_there(page: Page, person: str) -> None:
    await page.locator("input[name=login]").fill(person)
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()


async def _sign_in(page: Page, running: Running, slug: str, person: str) -> None:
    await _log_in(page, running, slug, person)
    await page.get_by_role("button", name="Continue").click()


async def _agree(page: Page) -> str:
    """The address to which the provider then sends the browser, which is not followed."""
    form = page.locator("form")
    action = await form.evaluate("form => form.action")
    there = await page.context.request.post(action, form={"prompt": "consent"}, max_redirects=0)
    back = await page.context.request.get(there.headers["location"], max_redirects=0)
    return back.headers["location"]


async def test_people_of_two_organizations_sign_in_at_once_each_at_their_own_provider(running: Running, connected: Peers, browser: Browser) -> None:
    context = await browser.new_context()
    for slug in ("acme", "globex"):
        # Cookies know no ports: each provider has the browser for itself, the organizations share it.
        await context.clear_cookies(domain="127.0.0.1")
        await _sign_in(await context.new_page(), running, slug, "alice")
        await expect(context.pages[-1].get_by_role("heading", name=f"Alice at {slug}")).to_be_visible()
    page = await context.new_page()
    for slug in ("acme", "globex"):
        await page.goto(f"{base(running, slug)}/auth/account")
        await expect(page.get_by_role("heading", name=f"Alice at {slug}")).to_be_visible()


async def test_somebody_whose_address_the_provider_has_not_verified_is_refused_with_a_number(
    running: Running, connected: Peers, browser: Browser
) -> None:
    page = await browser.new_page()
    await _sign_in(page, running, "acme", "bob")

    await expect(page.get_by_text("You could not be signed in")).to_be_visible()
    await expect(page.locator("code")).to_be_visible()
    await page.goto(f"{base(running, 'acme')}/auth/account")
    await expect(page.get_by_role("heading", name="Sign in to")).to_be_visible()


async def test_somebody_proves_again_who_they_are_at_the_provider_and_not_by_keeping_it_from_asking(
    running: Running, connected: Peers, browser: Browser
) -> None:
    page = await browser.new_page()
    await _sign_in(page, running, "acme", "alice")
    await expect(page.get_by_role("heading", name="Alice at acme")).to_be_visible()
    home, again = base(running, "acme"), "/auth/oidc/openid/login?again=1&next=/auth/account/second-factor"

    async with running.client("acme") as client:
        held = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in await page.context.cookies(home))
        begun = await client.get(again, headers={"Cookie": held})
    await page.context.add_cookies([{"name": name, "value": value, "url": home} for name, value in begun.cookies.items()])
    await page.goto(re.sub(r"&(?:prompt|max_age)=\w+", "", begun.headers["location"]))
    await expect(page.get_by_text("You could not be signed in")).to_be_visible()

    await page.goto(home + again)
    await _log_in_there(page, "alice")
    await expect(page).to_have_url(f"{home}/auth/account/second-factor")


@pytest.mark.parametrize("named", ["acme", "globex"])
async def test_an_answer_counts_only_in_the_name_of_the_issuer_that_was_asked(
    running: Running, connected: Peers, browser: Browser, named: str
) -> None:
    """RFC 9207, with the real provider's own code and state: under its own name they sign in, under another's they do not."""
    page = await browser.new_page()
    await _log_in(page, running, "acme", "alice")
    back = urlsplit(await _agree(page))
    query = {name: values[0] for name, values in parse_qs(back.query).items()}
    assert query["iss"] == connected["acme"].issuer

    await page.goto(back._replace(query=urlencode({**query, "iss": connected[named].issuer})).geturl())

    seen = page.get_by_role("heading", name="Alice at acme") if named == "acme" else page.get_by_text("You could not be signed in")
    await expect(seen).to_be_visible()


async def test_signing_out_here_leads_on_to_the_providers_sign_out_and_back(running: Running, connected: Peers, browser: Browser) -> None:
    page = await browser.new_page()
    await _sign_in(page, running, "globex", "alice")
    await expect(page.get_by_role("heading", name="Alice at globex")).to_be_visible()

    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Yes, sign me out").click()

    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.url == f"{base(running, 'globex')}/auth/login?signed-out"


@pytest.mark.parametrize("slug", ["acme", "globex"])
async def test_a_code_is_asked_for_within_the_round_trip_where_somebody_has_an_authenticator(
    running: Running, connected: Peers, browser: Browser, slug: str
) -> None:
    page = await browser.new_page()

    async def prove() -> None:
        await _log_in_there(page, "carol")  # that they agree is known from just now

    async def sign_in_there() -> None:
        await _sign_in(page, running, slug, "carol")

    await trust_no_provider(running, slug)
    await sign_in_there()
    await expect(page.get_by_role("heading", name=f"Carol at {slug}")).to_be_visible()
    authenticator = await set_up(page, base(running, slug), prove)

    await comes_in_with_a_code(page, base(running, slug), sign_in_there, authenticator, f"Carol at {slug}")
