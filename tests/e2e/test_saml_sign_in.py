"""People who sign in through a real SAML provider, in a browser, at two organizations at once."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from playwright.async_api import Browser, Page, expect

from tests.e2e.authenticator import comes_in_with_a_code, set_up, trust_no_provider
from tests.e2e.conftest import Running
from tests.e2e.test_browser import sign_in
from tests.peers import openldap
from tests.peers.samlp import Samlp, missing, samlp


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samlp]:
    if why := missing():
        pytest.skip(why)  # outside Debian with root the peer is named, and only its tests are left out
    with samlp(tmp_path_factory.mktemp("samlp"), "acme", "globex") as peer:
        yield peer


@pytest.fixture(scope="module")
async def connected(running: Running, provider: Samlp) -> Samlp:
    """Both organizations know their provider by the address of its metadata, as the command's users do."""
    for slug in ("acme", "globex"):
        terms = (
            "--domain",
            f"{slug}.example",
            "--map",
            "editors=editor",
            "--map",
            "staff=author",
            "--label",
            f"{slug.title()} ID",
            "--idp-initiated",
        )
        code, out, err = await running.imprint(
            "connections", "add", slug, "saml", "samlp", "--metadata", provider.metadata_url(slug), *terms, "--json"
        )
        assert code == 0, err
        assert json.loads(out)["settings"]["slo_url"].endswith(f"/{slug}/slo")
        async with running.client(slug) as client:
            # The server hears of what another process has connected within seconds.
            while not (await client.get("/auth/saml/samlp/metadata")).is_success:
                await asyncio.sleep(0.1)
    return provider


@pytest.fixture
def collected() -> Iterator[None]:
    """What ldap3 dropped is closed before the next test, which may look closer."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def _sign_in(page: Page, running: Running, slug: str, person: str) -> None:
    await page.goto(f"http://{slug}.localhost:{running.port}/auth/login")
    await page.get_by_role("link", name=f"Continue with {slug.title()} ID").click()
    await expect(page).to_have_title(slug)
    await page.get_by_label("Account").fill(person)
    await page.get_by_role("button", name="Sign in").click()


async def test_people_of_two_organizations_sign_in_at_once_each_at_their_own_provider(running: Running, connected: Samlp, browser: Browser) -> None:
    page = await browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    for slug, person in (("acme", "alice"), ("globex", "bob")):
        await _sign_in(page, running, slug, person)
        await expect(page.get_by_role("heading", name=f"{person.title()} of {slug.title()}")).to_be_visible()
    # One browser, both at once: neither has taken the other's place.
    for slug, person in (("acme", "alice"), ("globex", "bob")):
        await page.goto(f"http://{slug}.localhost:{running.port}/auth/account")
        await expect(page.get_by_role("heading", name=f"{person.title()} of {slug.title()}")).to_be_visible()
    assert refused == []


@pytest.mark.parametrize("mode", ["response", "both"])
async def test_an_encrypted_assertion_of_a_real_provider_is_taken(mode: str, running: Running, connected: Samlp, browser: Browser) -> None:
    async with running.client("acme") as client:
        ours = etree.fromstring((await client.get("/auth/saml/samlp/metadata")).content)
    certificate = ours.findtext(".//{*}KeyDescriptor[@use='encryption']//{*}X509Certificate")
    connected.change("acme", sp=f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n", mode=mode)
    page = await browser.new_page()

    await _sign_in(page, running, "acme", "alice")

    await expect(page.get_by_role("heading", name="Alice of Acme")).to_be_visible()
    connected.change("acme", sp=None, mode="assertion")


async def test_somebody_who_begins_at_the_provider_comes_in_where_that_is_allowed(running: Running, connected: Samlp, browser: Browser) -> None:
    base = f"http://acme.localhost:{running.port}/auth/saml/samlp"
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{connected.port}/acme/sso?acs={base}/acs&aud={base}/metadata")
    await page.get_by_label("Account").fill("bob")
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_role("heading", name="Bob of Acme")).to_be_visible()


async def test_what_the_provider_of_another_organization_says_is_refused_with_a_number(running: Running, connected: Samlp, browser: Browser) -> None:
    base = f"http://acme.localhost:{running.port}/auth/saml/samlp"
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{connected.port}/globex/sso?acs={base}/acs&aud={base}/metadata")
    await page.get_by_label("Account").fill("bob")
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_text("You could not be signed in")).to_be_visible()
    await expect(page.locator("code")).to_be_visible()
    await page.goto(f"http://acme.localhost:{running.port}/auth/account")
    await expect(page.get_by_role("heading", name="Sign in to")).to_be_visible()


async def test_signing_out_here_ends_the_providers_session_and_comes_back(running: Running, connected: Samlp, browser: Browser) -> None:
    page = await browser.new_page()
    await _sign_in(page, running, "globex", "alice")
    await expect(page.get_by_role("heading", name="Alice of Globex")).to_be_visible()

    await page.get_by_role("button", name="Sign out").click()

    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.url == f"http://globex.localhost:{running.port}/auth/login?signed-out"


async def test_signing_out_at_the_provider_ends_the_session_here(running: Running, connected: Samlp, browser: Browser) -> None:
    page = await browser.new_page()
    await _sign_in(page, running, "acme", "bob")
    await expect(page.get_by_role("heading", name="Bob of Acme")).to_be_visible()

    await page.goto(f"http://127.0.0.1:{connected.port}/acme/slo")

    await page.goto(f"http://acme.localhost:{running.port}/auth/account")
    await expect(page.get_by_role("heading", name="Sign in to")).to_be_visible()


async def test_an_administrator_connects_a_provider_by_its_metadata_address_and_tests_it(
    running: Running, connected: Samlp, browser: Browser
) -> None:
    base = f"http://acme.localhost:{running.port}"
    page = await browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    await sign_in(page, running, "acme", "admin")
    await page.goto(f"{base}/admin/sign-on/new")
    await page.get_by_role("link", name="A SAML provider").click()
    await page.get_by_label("Short name").fill("by-hand")
    await page.get_by_label("Metadata address").fill(connected.metadata_url("acme"))
    await page.get_by_role("button", name="Connect").click()
    await page.get_by_role("button", name="Test sign-in").click()
    await expect(page).to_have_title("acme")
    await page.get_by_label("Account").fill("bob")
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.locator("#verdict")).to_contain_text("checks passed")
    await page.get_by_role("button", name="Switch it on").click()
    await expect(page.get_by_text("On: it is on the sign-in page")).to_be_visible()
    assert refused == []
    # Whoever tests stays who they are.
    await page.goto(f"{base}/auth/account")
    await expect(page.get_by_role("heading", name="Bob of Acme")).not_to_be_visible()


@pytest.mark.parametrize("slug", ["acme", "globex"])
async def test_a_code_is_asked_for_within_the_round_trip_where_somebody_has_an_authenticator(
    running: Running, connected: Samlp, browser: Browser, slug: str
) -> None:
    base, name = f"http://{slug}.localhost:{running.port}", f"Carol of {slug.title()}"
    page = await browser.new_page()

    async def prove() -> None:
        await page.get_by_label("Account").fill("carol")
        await page.get_by_role("button", name="Sign in").click()

    async def sign_in_there() -> None:
        await _sign_in(page, running, slug, "carol")

    await trust_no_provider(running, slug)
    await sign_in_there()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    authenticator = await set_up(page, base, prove)

    await comes_in_with_a_code(page, base, sign_in_there, authenticator, name)


@pytest.mark.skipif(not openldap.SLAPD.exists(), reason="peer slapd is not installed")
@pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning")  # ldap3 drops sockets of servers that do not answer yet
@pytest.mark.usefixtures("collected")
async def test_one_organization_signs_in_by_its_directory_while_another_does_through_saml(
    running: Running, connected: Samlp, browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    with openldap.running("globex") as directory:
        for name, text in (("ca.pem", directory.ca), ("password", openldap.READER_PASSWORD)):
            (tmp_path / name).write_text(text)
        told = {
            "--url": directory.ldaps, "--base-dn": directory.base, "--user-filter": "(uid={login})", "--bind-dn": directory.reader,
            "--bind-password-file": str(tmp_path / "password"), "--ca-file": str(tmp_path / "ca.pem"), "--map": "editors=editor",
            "--label": "Globex directory", "--domain": "globex.example",
        }  # fmt: skip
        code, _, err = await running.imprint("connections", "add", "globex", "ldap", "directory", *(word for pair in told.items() for word in pair))
        assert code == 0, err
        async with running.client("globex") as client:
            while not (await client.get("/auth/ldap/directory")).is_success:
                await asyncio.sleep(0.1)

        await _sign_in(page, running, "acme", "bob")
        await expect(page.get_by_role("heading", name="Bob of Acme")).to_be_visible()
        await page.goto(f"http://globex.localhost:{running.port}/auth/login")
        await page.get_by_role("link", name="Continue with Globex directory").click()
        await page.get_by_label("Name").fill("alice")
        await page.get_by_label("Password").fill("bobpw")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator("code")).to_be_visible()
        await page.get_by_label("Password").fill("alicepw")
        await page.get_by_role("button", name="Sign in").click()

        await expect(page.get_by_role("heading", name="Alice Archer")).to_be_visible()
        await page.goto(f"http://acme.localhost:{running.port}/auth/account")
        await expect(page.get_by_role("heading", name="Bob of Acme")).to_be_visible()
    assert refused == []
