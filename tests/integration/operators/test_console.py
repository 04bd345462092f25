"""The operators' console on its own port: nobody without both factors, everything that was done under the name of who did it."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from ipaddress import ip_network
from typing import Any

import httpx
import pyotp
import pytest

from auth.ledgers import LocalLedger
from auth.opaque import digest
from auth.operators import accounts
from auth.operators.accounts import Invited, secret_context
from auth.operators.door import OFFERED_FOR, Door
from auth.passwords import Passwords
from ops.console.running import Running
from ops.operators import Console, listen
from ops.settings import OperatorsSettings
from ops.stack.memory import free_port
from tenants.database import Database
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tests.forms import form_of
from tests.integration.conftest import House
from tests.integration.tenants.lives import as_owner

PASSWORD = "three words together"
_addresses = itertools.count(1)
_SECRET = re.compile(r"<code>([A-Z2-7]+)</code>")
_OFFERED = re.compile(r'name="offered" value="([0-9a-f]+)"')


@dataclass(slots=True)
class Person:
    """An operator with a browser of their own."""

    invited: Invited
    browser: httpx.AsyncClient
    secret: str = ""
    offered: str = ""

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + steps * 30)

    async def form(self, path: str = "/sign-in") -> str:
        return form_of(await self.browser.get(path))

    async def send(self, path: str, **fields: str) -> httpx.Response:
        return await self.browser.post(path, data={"form": await self.form(path if path.startswith("/enrol") else "/sign-in"), **fields})

    async def follow(self) -> httpx.Response:
        """Their link, to the page with a secret of its own."""
        page = await self.browser.get(f"/enrol/{self.invited.link}")
        secret, offered = _SECRET.search(page.text), _OFFERED.search(page.text)
        assert secret
        assert offered
        self.secret, self.offered = secret[1], offered[1]
        return page

    async def enrol(self, password: str = PASSWORD, code: str | None = None) -> httpx.Response:
        if not self.secret:
            await self.follow()
        return await self.send(f"/enrol/{self.invited.link}", offered=self.offered, password=password, code=code or self.code())

    async def sign_in(self, **given: str) -> httpx.Response:
        """With the code of the next half minute, which is taken too: that of this one was used to enrol."""
        return await self.send("/sign-in", **{"email": self.invited.email, "password": PASSWORD, "code": self.code(1), **given})


@pytest.fixture(scope="module")
def console(migrated: TenantSettings) -> Iterator[Console]:
    settings = OperatorsSettings("127.0.0.1", free_port(), "a-token-for-machines", "http://operators.example:9100")
    pages = Running(migrated, settings.url)
    server = listen(settings, pages, (ip_network("127.0.0.0/8"),))
    yield server
    server.shutdown()
    server.server_close()
    pages.close()


@pytest.fixture
async def people(console: Console, migrated: TenantSettings) -> Any:
    """Makes operators, each at an address of their own, which the proxy before them tells."""
    opened: list[httpx.AsyncClient] = []

    async def make() -> Person:
        invited = await accounts.create(migrated, f"{new_id().hex}@ops.example")
        headers = {"X-Forwarded-For": f"10.8.0.{next(_addresses)}"}
        opened.append(httpx.AsyncClient(base_url=f"http://127.0.0.1:{console.server_port}", headers=headers, timeout=60))
        return Person(invited, opened[-1])

    yield make
    for client in opened:
        await client.aclose()


async def audited(settings: TenantSettings, actor: str) -> list[tuple[str, str | None]]:
    async with as_owner(settings) as owner:
        rows = await owner.fetch("SELECT action, details ->> 'check' AS check FROM control.operator_audit WHERE actor = $1 ORDER BY at, id", actor)
    return [(row["action"], row["check"]) for row in rows]


async def test_an_operator_enrols_by_a_link_and_sees_every_organization(people: Any, acme: House, globex: House) -> None:
    nell = await people()

    page = await nell.follow()
    entered = await nell.enrol()
    shown = await nell.browser.get("/")

    assert (nell.secret in page.text, entered.status_code, entered.headers["location"]) == (True, 303, "/")
    assert (shown.status_code, acme.tenant.slug in shown.text, globex.tenant.slug in shown.text) == (200, True, True)
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "<script" not in shown.text


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


async def test_the_link_is_good_once_and_every_step_is_audited_under_their_name(people: Any, migrated: TenantSettings) -> None:
    nell = await people()
    await nell.enrol()
    signed_out = await nell.browser.post("/sign-out", data={"form": await nell.form("/")})
    again = await nell.browser.get(f"/enrol/{nell.invited.link}")

    wrong = [await nell.sign_in(password="another of them"), await nell.sign_in(code="000000")]
    good = await nell.sign_in()

    assert (signed_out.headers["location"], again.status_code) == ("/sign-in", 410)
    assert [page.status_code for page in wrong] == [401, 401]
    assert len({re.sub(r'value="[^"]*"', "", page.text) for page in wrong}) == 1
    assert good.status_code == 303
    assert await audited(migrated, nell.invited.email) == [
        ("operator.enrolled", None),
        ("operator.signed_out", None),
        ("operator.refused", "password"),
        ("operator.refused", "code"),
        ("operator.signed_in", None),
    ]


async def test_a_code_is_taken_once(people: Any) -> None:
    nell = await people()
    await nell.enrol()
    code = nell.code(1)

    assert [(await nell.sign_in(code=code)).status_code for _ in range(2)] == [303, 401]


async def test_nobody_comes_in_with_a_password_alone_or_before_they_enrolled(people: Any) -> None:
    nell, kim = await people(), await people()
    await nell.enrol()
    await kim.follow()
    stranger = await people()

    answers = [
        await stranger.send("/sign-in", email=nell.invited.email, password=PASSWORD, code=""),
        await stranger.send("/sign-in", email=kim.invited.email, password=PASSWORD, code=kim.code()),
        await stranger.send("/sign-in", email="nobody@ops.example", password=PASSWORD, code=nell.code(1)),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    for path in ("/", "/deliveries", "/migrations", "/audit", "/operators"):
        page = await stranger.browser.get(path)
        assert (page.status_code, page.headers["location"], page.text) == (303, "/sign-in", "")


async def test_whoever_guesses_has_to_wait_wherever_they_come_from(people: Any) -> None:
    nell = await people()
    await nell.enrol()
    tried = {"email": nell.invited.email, "password": "not this", "code": "000000"}

    answers: list[httpx.Response] = []
    while len(answers) < 20 and (not answers or answers[-1].status_code == 401):  # on a slow machine the first waits are over before they are met
        headers = {"X-Forwarded-For": f"10.9.0.{len(answers)}"}
        answers.append(await nell.browser.post("/sign-in", data={"form": await nell.form(), **tried}, headers=headers))

    assert {answer.status_code for answer in answers[:5]} == {401}
    assert (answers[-1].status_code, int(answers[-1].headers["retry-after"]) >= 1) == (429, True)


async def test_a_weak_password_or_a_wrong_code_does_not_enrol(people: Any) -> None:
    nell = await people()

    weak = await nell.enrol("password1234")
    wrong = await nell.enrol(code="000000")

    assert (weak.status_code, wrong.status_code) == (400, 400)
    assert "password-wrong" in weak.text
    assert "code-wrong" in wrong.text
    assert {nell.secret in page.text for page in (weak, wrong)} == {True}  # nobody scans anew for a slip
    assert (await nell.enrol()).status_code == 303


async def test_every_view_of_the_link_shows_another_secret_and_only_the_one_whose_code_was_typed_is_theirs(
    people: Any, migrated: TenantSettings
) -> None:
    nell, kim = await people(), await people()
    await kim.follow()
    await nell.follow()
    seen, offered = nell.secret, nell.offered
    await nell.follow()

    swapped = await nell.send(f"/enrol/{nell.invited.link}", offered=kim.offered, password=PASSWORD, code=kim.code())
    made_up = await nell.send(f"/enrol/{nell.invited.link}", offered="00", password=PASSWORD, code=nell.code())
    mixed = await nell.send(f"/enrol/{nell.invited.link}", offered=offered, password=PASSWORD, code=nell.code())
    entered = await nell.enrol()

    assert seen != nell.secret
    assert [page.status_code for page in (swapped, made_up, mixed, entered)] == [400, 400, 400, 303]
    assert "too old" in swapped.text
    async with as_owner(migrated) as owner:
        sealed = await owner.fetchval("SELECT secret FROM control.operators WHERE id = $1", nell.invited.id)
    assert Keyring(migrated.secret_keys).decrypt(sealed, secret_context(nell.invited.id)).decode() == nell.secret


async def test_a_secret_that_was_offered_long_ago_is_followed_by_another(migrated: TenantSettings, pool: Database) -> None:
    invited, now = await accounts.create(migrated, f"{new_id().hex}@ops.example"), [1_000_000.0]
    door = Door(pool, Keyring(migrated.secret_keys), Passwords(), LocalLedger(), clock=lambda: now[0])
    shown = await door.enrolment(invited.link)

    same = await door.enrolment(invited.link, shown.offered)
    now[0] += OFFERED_FOR
    with pytest.raises(ValidationFailed, match="too old"):
        await door.enrol(invited.link, shown.offered, PASSWORD, pyotp.TOTP(shown.secret).at(int(now[0])), "192.0.2.1")

    assert same.secret == shown.secret
    assert (await door.enrolment(invited.link, shown.offered)).secret != shown.secret


async def test_sessions_end_when_they_idle_when_they_are_old_and_with_their_operator(people: Any, migrated: TenantSettings) -> None:
    idle, old, removed = await people(), await people(), await people()
    for person in (idle, old, removed):
        await person.enrol()
        assert (await person.browser.get("/")).status_code == 200
    async with as_owner(migrated) as owner:
        for person, column in ((idle, "last_seen_at"), (old, "expires_at")):
            session = person.browser.cookies["imprint-operator"]
            await owner.execute(f"UPDATE control.operator_sessions SET {column} = now() - interval '31 minutes' WHERE hash = $1", digest(session))
    await accounts.remove(migrated, removed.invited.email)

    assert [(await person.browser.get("/")).status_code for person in (idle, old, removed)] == [303, 303, 303]
    assert (await removed.sign_in()).status_code == 401


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


async def test_accounts_are_made_listed_and_removed_by_address(migrated: TenantSettings) -> None:
    email = f"Kim-{new_id().hex}@Ops.example"
    await accounts.create(migrated, email)

    with pytest.raises(Conflict, match="operator already"):
        await accounts.create(migrated, email.upper())
    with pytest.raises(ValidationFailed, match="address like"):
        await accounts.create(migrated, "kim")
    (listed,) = [one for one in await accounts.everyone(migrated) if one["email"] == email.lower()]
    assert (listed["state"], listed["sessions"], listed["last_sign_in"]) == ("invited", 0, None)
    await accounts.remove(migrated, email)
    with pytest.raises(NotFound, match="no operator"):
        await accounts.remove(migrated, email)


async def test_a_link_that_is_a_day_old_is_spent(people: Any, migrated: TenantSettings) -> None:
    nell = await people()
    async with as_owner(migrated) as owner:
        await owner.execute("UPDATE control.operators SET link_until = now() WHERE id = $1", nell.invited.id)

    assert (await nell.browser.get(f"/enrol/{nell.invited.link}")).status_code == 410


async def test_the_servers_role_makes_no_operator_and_changes_no_line_of_the_audit(migrated: TenantSettings, pool: Database) -> None:
    import asyncpg

    connection = await asyncpg.connect(migrated.database_url)
    try:
        for attempt in (
            "INSERT INTO control.operators (id, email, secret, created_by) VALUES (gen_random_uuid(), 'x@x.example', '', 'x')",
            "DELETE FROM control.operators",
            "UPDATE control.operators SET email = 'x@x.example'",
            "UPDATE control.operators SET created_by = 'x'",
            "UPDATE control.operators SET id = gen_random_uuid()",
            "UPDATE control.operator_audit SET actor = 'x'",
            "DELETE FROM control.operator_audit",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(attempt)
    finally:
        await connection.close()


async def test_a_new_installation_key_takes_the_second_factors_along(people: Any, migrated: TenantSettings, pool: Database) -> None:
    from auth.operators.resealing import outdated, rewrap

    nell = await people()
    await nell.enrol()
    renewed = replace(migrated, secret_keys=(b"n" * 32, *migrated.secret_keys))
    keyring = Keyring(renewed.secret_keys)

    assert nell.invited.email in await outdated(pool, keyring)
    await rewrap(pool, keyring)
    assert await outdated(pool, keyring) == []
    await rewrap(pool, Keyring((*migrated.secret_keys, b"n" * 32)))
    assert (await nell.sign_in()).status_code == 303
