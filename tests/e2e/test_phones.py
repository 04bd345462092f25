"""Pages on a phone of 360 pixels, in German, whose words are long: nothing stands out on the right, and every field says what it is for."""

from __future__ import annotations

from playwright.async_api import Browser

from ops.bench.identity_provider import metadata, pair_of
from tests.e2e.conftest import PASSWORD, Running

PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "de-DE"}
WRONG = """() => {
  const room = document.documentElement.clientWidth, wrong = [];
  if (document.documentElement.scrollWidth > room) wrong.push(`as wide as ${document.documentElement.scrollWidth}`);
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!field.labels?.length && !field.getAttribute('aria-label')) wrong.push(`no label: ${field.name}`);
  for (const one of document.querySelectorAll('[aria-describedby], [aria-labelledby]'))
    for (const id of `${one.getAttribute('aria-describedby') || ''} ${one.getAttribute('aria-labelledby') || ''}`.split(' '))
      if (id && !document.getElementById(id)) wrong.push(`nothing is called ${id}`);
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one heading');
  if (document.documentElement.lang !== 'de') wrong.push('not in German');
  return wrong;
}"""
OUTSIDE = ("/auth/login", "/auth/forgot", "/auth/passkey", "/auth/reset?token=spent", "/auth/invitation?token=spent")
INSIDE = ("/auth/account", "/auth/account/password", "/auth/account/sessions", "/auth/account/second-factor", "/auth/account/tokens")
CONSOLE = ("", "/new", "/new/entra", "/new/saml", "/new/ldap", "/new/oauth2", "/policies", "/links", "/phone", "/phone?examine", "/phone/values")


async def test_pages_fit_a_phone_and_every_field_has_a_name(running: Running, browser: Browser) -> None:
    at = f"http://globex.localhost:{running.port}"
    context = await browser.new_context(**PHONE)  # type: ignore[arg-type] # playwright's own names
    page = await context.new_page()
    wrong: dict[str, list[str]] = {}

    async def look(path: str) -> None:
        await page.goto(at + path)
        if found := await page.evaluate(WRONG):
            wrong[path] = found

    for path in OUTSIDE:
        await look(path)
    await page.goto(f"{at}/auth/login")
    await page.locator("input[name=login]").fill("admin@globex.example")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("form[action='/auth/login'] button").click()
    await page.wait_for_url("**/auth/account")
    for path in INSIDE:
        await look(path)
    await page.goto(f"{at}/admin/sign-on/new/saml")
    await page.locator("input[name=name]").fill("phone")
    file = {"name": "idp.xml", "mimeType": "application/xml", "buffer": metadata(pair_of("phone").certificate).encode()}
    await page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type] # playwright's own names
    await page.locator("main form button.main").click()
    await page.wait_for_url("**/admin/sign-on/phone")
    for path in CONSOLE:
        await look(f"/admin/sign-on{path}")
    await context.close()

    assert wrong == {}
