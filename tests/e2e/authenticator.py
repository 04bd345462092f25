"""The authenticator of somebody who comes through a provider: set up in a browser, asked for in the midst of their next sign-in."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import pyotp
from playwright.async_api import Page, expect

from tests.e2e.conftest import Running

Step = Callable[[], Awaitable[None]]
TRUST_NO_PROVIDER = "mutation { updateOrganization(input: {policies: {signIn: {trustProviders: false}}}) { changed } }"


async def trust_no_provider(running: Running, slug: str) -> None:
    """Whoever has a second factor here is asked for it also where their provider may have done so."""
    running.tokens.pop((slug, "owner"), None)  # who changes policies has proven just now who they are
    changed = await running.query(slug, TRUST_NO_PROVIDER, "owner")
    assert "errors" not in changed, changed


async def set_up(page: Page, base: str, prove: Step | None = None) -> pyotp.TOTP:
    """`prove`: what they do at the provider, which is told to ask again; none where it has just been given their password."""
    await page.goto(f"{base}/auth/account/second-factor")
    if prove is not None:
        await page.locator("a[href*='again=1']").click()
        await prove()
    authenticator = pyotp.TOTP(await page.locator("#secret").inner_text())
    await page.get_by_label("Six digits").fill(authenticator.now())
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.locator(".codes")).to_be_visible()
    return authenticator


async def comes_in_with_a_code(page: Page, base: str, sign_in: Step, authenticator: pyotp.TOTP, name: str) -> None:
    """Nobody before the code is given, whatever address they go to meanwhile; then `name` stands on their page."""
    code, inside = page.locator("input[name=code]"), page.get_by_role("heading", name=name)
    while True:  # until the server has heard of the policy
        await page.context.clear_cookies()
        await sign_in()
        await expect(code.or_(inside)).to_be_visible()
        if await code.is_visible():
            break
    halfway = page.url
    await page.goto(f"{base}/auth/account")
    await expect(page.get_by_role("heading", name="Sign in to")).to_be_visible()
    await page.goto(halfway)
    await code.fill(authenticator.at(int(time.time()) + 30))  # the one that set it up is spent
    await page.get_by_role("button", name="Sign in").click()
    await expect(inside).to_be_visible()
