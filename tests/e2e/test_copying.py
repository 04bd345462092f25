"""What is entered at a provider is copied by a click, and by hand where scripts are off."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.e2e.conftest import Running
from tests.e2e.test_browser import sign_in


async def test_a_value_is_copied_by_a_button_that_is_there_with_scripts_alone(running: Running, browser: Browser) -> None:
    at = f"http://acme.localhost:{running.port}"
    refused: list[str] = []
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    await sign_in(page, running, "acme", "admin")
    await page.goto(f"{at}/admin/sign-on/new/saml")

    await page.get_by_role("button", name="Copy Reply address, or ACS URL").click()

    await expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert await page.evaluate("navigator.clipboard.readText()") == f"{at}/auth/saml/saml/acs"
    assert refused == []

    plain = await browser.new_context(java_script_enabled=False, storage_state=await context.storage_state())
    without = await plain.new_page()
    await without.goto(f"{at}/admin/sign-on/new/saml")
    await expect(without.get_by_label("Reply address, or ACS URL").first).to_have_value(f"{at}/auth/saml/saml/acs")
    await expect(without.get_by_role("button", name="Copy")).to_have_count(0)
