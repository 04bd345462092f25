"""Passkeys in a real browser, with the authenticator that it brings for tests (CDP WebAuthn)."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import Running
from tests.e2e.test_browser import sign_in

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def with_device(page: Page) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


async def test_a_browser_makes_a_passkey_and_signs_in_with_it(running: Running, browser: Browser) -> None:
    page = await browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    await with_device(page)
    at = f"http://globex.localhost:{running.port}"
    await sign_in(page, running, "globex", "moderator")
    await expect(page.get_by_role("link", name="Second factor")).to_be_visible()

    await page.goto(f"{at}/auth/account/second-factor")
    await page.get_by_label("What you call the device").fill("A test's device")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("heading", name="Keep these codes")).to_be_visible()
    await page.goto(f"{at}/auth/account")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("link", name="Use a passkey").click()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("link", name="Second factor")).to_be_visible()

    await page.goto(f"{at}/auth/account/second-factor")
    await page.get_by_role("button", name="Remove A test's device").click()
    await expect(page.get_by_text("A test's device")).to_have_count(0)
    assert refused == []
