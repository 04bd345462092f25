"""The operators' console on its own port: what it shows, to whom, and in which language."""

from __future__ import annotations

import asyncio
from http.client import HTTPConnection
from typing import Any

import httpx

from ops.console.running import Running
from ops.operators import Console, listen
from ops.settings import OperatorsSettings
from ops.stack.memory import free_port
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.conftest import House
from tests.integration.owner import as_owner


async def test_it_speaks_the_language_that_the_browser_asks_for(people: Any, acme: House) -> None:
    nell = await people()
    nell.browser.headers["Accept-Language"] = "fr-CA, fr;q=0.9"
    weak = await nell.enrol("password1234")
    await nell.enrol()
    pages = {path: await nell.browser.get(path) for path in ("/", "/deliveries", "/migrations", "/audit", "/operators", "/nowhere")}
    german = await nell.browser.get("/", headers={"Accept-Language": "de"})

    assert "Ce mot de passe " in weak.text
    assert {page.headers["content-language"] for page in pages.values()} == {"fr"}
    titles = {"/": "Organisations", "/deliveries": "Livraisons", "/migrations": "Migrations", "/audit": "Journal", "/operators": "Opérateurs"}
    assert all(f"<title>{title} · Opérateurs d" in pages[path].text for path, title in titles.items())
    assert "existe pas ici" in pages["/nowhere"].text
    assert ("Alle auf Revision" in german.text, acme.tenant.slug in german.text) == (True, True)


async def test_forms_of_other_sites_and_names_that_lead_here_are_refused(people: Any) -> None:
    nell = await people()
    await nell.enrol()

    unbound = await nell.browser.post("/sign-out", data={"form": "made up"})
    foreign = await nell.browser.post("/sign-out", data={"form": await nell.form("/")}, headers={"Origin": "https://evil.example"})
    rebound = await nell.browser.get("/", headers={"Host": "evil.example"})
    unreadable = await nell.browser.get("/", headers={"Host": "["})
    configured = await nell.browser.get("/", headers={"Host": "operators.example:9100"})

    assert [answer.status_code for answer in (unbound, foreign, rebound, unreadable, configured)] == [400, 400, 421, 421, 200]
    assert (await nell.browser.get("/")).status_code == 200


def test_a_form_says_in_few_digits_how_long_it_is(console: Console) -> None:
    asking = HTTPConnection("127.0.0.1", console.server_port, timeout=60)
    asking.putrequest("POST", "/sign-in")
    for name, value in (("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "0" * 12 + "9" * 12)):
        asking.putheader(name, value)
    asking.endheaders()

    assert asking.getresponse().status == 400
    asking.close()


async def test_the_cookies_are_for_https_alone_where_the_address_is(migrated: TenantSettings) -> None:
    pages = Running(migrated, "https://operators.example")
    server = listen(OperatorsSettings("127.0.0.1", free_port(), "", "https://operators.example"), pages)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.server_port}", timeout=60) as client:
            cookie = (await client.get("/sign-in")).headers["set-cookie"]
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        await asyncio.to_thread(pages.close)

    assert cookie.startswith("__Host-imprint-operator-form=")
    assert {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"} <= set(cookie.split("; "))


async def test_metrics_stay_with_the_token_and_the_token_opens_no_page(console: Console) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{console.server_port}", timeout=60) as client:
        bearer = {"Authorization": "Bearer a-token-for-machines"}
        answers = [await client.get("/metrics"), await client.get("/metrics", headers=bearer), await client.get("/", headers=bearer)]

    assert [answer.status_code for answer in answers] == [401, 200, 303]


async def test_rooms_show_what_is_quarantined_which_runs_failed_and_who_did_what(
    people: Any, acme: House, globex: House, migrated: TenantSettings
) -> None:
    nell, run, delivery = await people(), new_id(), new_id()
    await nell.enrol()
    async with as_owner(migrated) as owner:
        await owner.execute(
            "INSERT INTO control.deliveries (id, organization_id, event_id, event_type, aggregate_id, aggregate_version, correlation_id, handler, "
            "state, attempts, error) VALUES ($1, $2, $1, 'PostPublished', $1, 1, $1, 'tell <b>', 'quarantined', 8, 'the <i>cause</i>')",
            delivery, acme.tenant.id,
        )  # fmt: skip
        await owner.execute(
            "INSERT INTO control.migration_runs (id, command, to_revision, holder, state) VALUES ($1, 'up', '9999', 'x', 'failed')", run
        )
        await owner.execute(
            "INSERT INTO control.migration_results (run_id, organization_id, slug, to_revision, attempts, seconds, error) "
            "VALUES ($1, $2, $3, '9999', 2, 0.1, 'a lock was held')",
            run, globex.tenant.id, globex.tenant.slug,
        )  # fmt: skip
    try:
        deliveries, migrations = await nell.browser.get("/deliveries"), await nell.browser.get("/migrations", params={"run": str(run)})
        audit, operators = await nell.browser.get("/audit"), await nell.browser.get("/operators")
        found, nobody = await nell.browser.get("/", params={"slug": "acm"}), await nell.browser.get("/", params={"slug": "no-such"})
    finally:
        async with as_owner(migrated) as owner:
            await owner.execute("DELETE FROM control.deliveries WHERE id = $1", delivery)
            await owner.execute("DELETE FROM control.migration_runs WHERE id = $1", run)

    assert ("the &lt;i&gt;cause&lt;/i&gt;" in deliveries.text, str(delivery) in deliveries.text) == (True, True)
    assert ("a lock was held" in migrations.text, globex.tenant.slug in migrations.text) == (True, True)
    assert ("operator.created" in audit.text, nell.invited.email in audit.text, nell.invited.email in operators.text) == (True, True, True)
    assert (acme.cast.name in found.text, globex.cast.name in found.text, "No organization" in nobody.text) == (True, False, True)
    assert (await nell.browser.get("/elsewhere")).status_code == 404
