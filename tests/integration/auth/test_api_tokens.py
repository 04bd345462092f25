"""Tokens that people give to programs."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import ChangeRole
from auth.principal import SYSTEM
from auth.service import Auth
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.forms import form_of, value_of
from tests.integration.auth.conftest import NewPerson, Person, ask_who, bearer, client_at, who
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House


async def own_token(browser: httpx.AsyncClient, person: Person, **typed: str) -> str:
    await sign_in(browser, person)
    form = form_of(await browser.get("/auth/account/tokens"))
    made = await browser.post("/auth/account/tokens", data={"form": form, "name": "A script", "days": "30", "permissions": "", **typed})
    token = re.search(r"imp_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", made.text)
    assert token, made.text
    return token[0]


async def test_a_persons_token_does_what_it_was_given_and_its_person_may_do_at_their_organization_until_it_is_revoked(
    app: ASGIApp, bus: Bus, acme: House, browser: httpx.AsyncClient, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, new_person: NewPerson
) -> None:
    person = await new_person(acme, role="editor")
    token = await own_token(browser, person, permissions="content.create content.publish")

    async with client_at(app, "api.localhost") as api:
        assert (await who(api, bearer(token)))["organization"]["slug"] == "acme"
    verified = await at_acme.get("/auth/verify", headers=bearer(token))
    assert verified.headers["x-imprint-permissions"] == "content.create,content.publish"
    assert (await ask_who(at_globex, bearer(token))).status_code == 401
    assert (await ask_who(at_acme, bearer(token[:-1] + ("A" if token[-1] != "A" else "B")))).status_code == 401
    shown = (await browser.get("/auth/account/tokens")).text
    assert token not in shown
    assert "A script" in shown
    fields = {name: value_of(shown, name) for name in ("form", "id")}
    assert (await browser.post("/auth/account/tokens/revoke", data=fields)).status_code == 303
    assert (await ask_who(at_acme, bearer(token))).status_code == 401


async def test_a_token_never_gives_more_than_its_person_has(
    auth: Auth, bus: Bus, acme: House, new_person: NewPerson, make_auth: Callable[[], Auth], browser: httpx.AsyncClient
) -> None:
    person = await new_person(acme, role="editor")
    token = await own_token(browser, person, permissions="content.publish content.create")

    principal = await make_auth().parts.api_tokens.principal(acme.tenant, token)
    await bus.execute(acme.tenant, ChangeRole(person.user_id, role="author"), SYSTEM, correlation_id=new_id())
    demoted = await make_auth().parts.api_tokens.principal(acme.tenant, token)
    assert principal is not None
    assert demoted is not None
    with pytest.raises(ValidationFailed) as caught:
        await auth.parts.api_tokens.make(acme.tenant, demoted, " ", ["users.manage"], 0, Cause(new_id()))

    assert principal.permissions == {"content.publish", "content.create"}
    assert demoted.permissions == {"content.create"}
    assert set(caught.value.fields) == {"name", "days", "permissions"}
