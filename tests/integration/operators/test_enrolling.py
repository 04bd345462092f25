"""From the link to both factors."""

from __future__ import annotations

import re
from typing import Any

import pyotp
import pytest

from auth.ledgers import LocalLedger
from auth.operators import accounts
from auth.operators.accounts import secret_context
from auth.operators.door import OFFERED_FOR, Door
from auth.passwords import Passwords
from tenants.database import Database
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tests.integration.conftest import House
from tests.integration.operators.operator import PASSWORD, audited
from tests.integration.owner import as_owner


async def test_an_operator_enrols_by_a_link_and_sees_every_organization(people: Any, acme: House, globex: House) -> None:
    nell = await people()

    page = await nell.follow()
    entered = await nell.enrol()
    shown = await nell.browser.get("/")

    assert (nell.secret in page.text, entered.status_code, entered.headers["location"]) == (True, 303, "/")
    assert (shown.status_code, acme.tenant.slug in shown.text, globex.tenant.slug in shown.text) == (200, True, True)
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "<script" not in shown.text


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


async def test_a_link_that_is_a_day_old_is_spent(people: Any, migrated: TenantSettings) -> None:
    nell = await people()
    async with as_owner(migrated) as owner:
        await owner.execute("UPDATE control.operators SET link_until = now() WHERE id = $1", nell.invited.id)

    assert (await nell.browser.get(f"/enrol/{nell.invited.link}")).status_code == 410
