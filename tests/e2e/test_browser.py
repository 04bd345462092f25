from __future__ import annotations

from contextlib import suppress

from playwright.async_api import Browser, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from auth.cookies import CookieNames
from ops.dev.greeting import TENANTS
from tests.e2e.conftest import PASSWORD, Running
from tests.e2e.posts import mailed


async def sign_in(page: Page, running: Running, slug: str, key: str, password: str = PASSWORD) -> None:
    await page.goto(f"http://{slug}.localhost:{running.port}/auth/login")
    await page.get_by_label("E-mail or username").fill(f"{key}@{slug}.example")
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def run_operation(page: Page, name: str) -> None:
    """GraphiQL offers the document's operations once it has read it; a click before that sends the document as it is."""
    chosen = page.get_by_role("menuitem", name=name)
    for _ in range(30):
        await page.get_by_role("button", name="Execute query").click()
        with suppress(PlaywrightTimeout):
            await chosen.click(timeout=2_000)
            return
    raise AssertionError(f"GraphiQL never offered {name}.")


async def test_a_person_signs_in_queries_in_graphiql_and_signs_out(running: Running, browser: Browser) -> None:
    page = await browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    await sign_in(page, running, "globex", "editor")
    await expect(page.get_by_role("heading", name="Clara Moreau")).to_be_visible()

    await page.goto(f"http://globex.localhost:{running.port}/graphql")
    await run_operation(page, "Read")
    await expect(page.locator(".result-window")).to_contain_text('"name": "Clara Moreau"')

    await page.goto(f"http://globex.localhost:{running.port}/auth/account")
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(f"http://globex.localhost:{running.port}/auth/account")
    await expect(page.get_by_role("heading", name="Sign in to Globex Journal")).to_be_visible()
    assert refused == []


async def test_a_session_of_one_organization_is_nobody_at_another(running: Running, browser: Browser) -> None:
    page = await browser.new_page()
    await sign_in(page, running, "acme", "editor")
    await expect(page.get_by_role("heading", name="Ada Lindqvist")).to_be_visible()

    # A browser keeps cookies apart by itself; whoever copies one is refused by the server.
    session = next(cookie for cookie in await page.context.cookies() if cookie.get("name") == CookieNames(plain=True).session)
    stolen = f"{session.get('name')}={session.get('value')}"
    await page.context.add_cookies(
        [{"name": session.get("name", ""), "value": session.get("value", ""), "url": f"http://globex.localhost:{running.port}"}]
    )
    shown = await page.goto(f"http://globex.localhost:{running.port}/auth/account")

    assert shown is not None
    assert stolen in (await shown.request.all_headers())["cookie"]
    await expect(page.get_by_role("heading", name="Sign in to Globex Journal")).to_be_visible()
    await page.goto(f"http://acme.localhost:{running.port}/auth/account")
    await expect(page.get_by_role("heading", name="Ada Lindqvist")).to_be_visible()


async def test_a_wrong_password_keeps_the_address_and_says_one_thing(running: Running, browser: Browser) -> None:
    page = await browser.new_page()

    await sign_in(page, running, "acme", "reader", "not this one")

    await expect(page.get_by_role("alert")).to_contain_text("do not match")
    await expect(page.get_by_label("E-mail or username")).to_have_value("reader@acme.example")


async def test_the_mailbox_shows_what_was_sent_and_first_what_somebody_waits_for(running: Running, browser: Browser) -> None:
    page = await browser.new_page()
    for slug, name in TENANTS.items():
        await page.goto(f"http://{slug}.localhost:{running.port}/auth/forgot")
        await page.get_by_label("E-mail or username").fill(f"moderator@{slug}.example")
        await page.get_by_role("button", name="Send the link").click()
        subject = f"A new password for {name}"
        assert await mailed(running, subject) == subject

        await page.goto(f"http://localhost:{running.port}/dev/mail")
        await expect(page.get_by_role("row").filter(has_text=f"moderator@{slug}.example").filter(has_text=subject)).to_be_visible()
        await page.get_by_role("link", name=subject).click()
        await expect(page.get_by_text(subject).first).to_be_visible()
