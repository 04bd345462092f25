"""Where opening one takes an invitation, or nobody may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.organizations.inviting import invite_to_sign_up
from ops.settings import Settings
from tenants.lifecycle.entries import WrongState
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import environment, imprint
from tests.integration.workers.conftest import Line
from tests.integration.workers.sign_up.newcomer import Opening


@pytest.fixture
def invite(migrated: TenantSettings) -> Callable[[str], Any]:
    async def make(email: str, mode: str = "invite") -> dict[str, Any]:
        variables = {**environment(migrated), "IMPRINT_SIGN_UP": mode, "IMPRINT_SMTP_URL": "file:///nowhere"}
        return await invite_to_sign_up(migrated, Settings.read(variables), email)

    return make


async def test_an_invitation_is_good_for_one_organization_of_whoever_it_was_made_out_to(opening: Opening, invite: Any) -> None:
    newcomer = await opening("invite")
    made = await invite("Ada@Invited.example")
    path = (await newcomer.links())["ada@invited.example"]
    token = path.partition("invitation=")[2]
    assert (made["email"], made["invitation"].endswith(path), made["mailed"]) == ("ada@invited.example", True, True)
    assert 'value="ada@invited.example"' in (await newcomer.client.get(path)).text

    other = await newcomer.ask("invited-two", "bob@invited.example", invitation=token)
    for slug in ("invited-one", "invited-two"):
        assert (await newcomer.ask(slug, "ada@invited.example", invitation=token)).status_code == 200
    letters = await newcomer.links()
    done = await newcomer.confirm(letters["ada@invited.example"])
    await newcomer.made()

    assert (other.status_code, "has to be the one that was invited" in other.text) == (400, True)
    assert (await newcomer.opened(done.headers["location"])).status_code == 303
    assert len(await newcomer.organizations("invited-%")) == 1
    assert (await newcomer.client.get(path)).status_code == 403
    assert sorted(await newcomer.states()) == ["asked", "opened"]


async def test_the_command_prints_the_link_and_is_refused_where_sign_up_is_off(line: Line, migrated: TenantSettings) -> None:
    made = await imprint(migrated, "tenants", "invite", "Bob@Command.example", "--json", IMPRINT_SIGN_UP="invite")
    wrong = await imprint(migrated, "tenants", "invite", "nobody", IMPRINT_SIGN_UP="open")
    off = await imprint(migrated, "tenants", "invite", "bob@command.example", IMPRINT_SIGN_UP="off")

    assert (made.code, wrong.code, off.code) == (0, 1, 3), made.err
    assert (made.json["email"], made.json["mailed"]) == ("bob@command.example", False)
    assert made.json["invitation"].startswith("http://localhost:8000/auth/sign-up?invitation=")
    assert "IMPRINT_SIGN_UP is off" in off.err


async def test_without_one_nobody_opens_anything(opening: Opening) -> None:
    newcomer = await opening("invite")
    pages = [await newcomer.client.get("/auth/sign-up"), await newcomer.client.get("/auth/sign-up?invitation=made-up")]

    assert [page.status_code for page in pages] == [403, 403]
    assert all("by invitation" in page.text for page in pages)
    assert "/auth/sign-up" not in (await newcomer.client.get("/")).text


async def test_where_sign_up_is_off_there_is_neither_page_nor_invitation(opening: Opening, invite: Any) -> None:
    newcomer = await opening("off")
    pages = [
        await newcomer.client.get("/auth/sign-up"),
        await newcomer.client.post("/auth/sign-up", data={"name": "x"}),
        await newcomer.client.get("/auth/sign-up/confirm?token=x"),
        await newcomer.client.get("/auth/sign-up/ready?token=x"),
    ]

    assert [page.status_code for page in pages] == [404] * 4
    with pytest.raises(WrongState, match="IMPRINT_SIGN_UP is off"):
        await invite("ada@off.example", "off")
