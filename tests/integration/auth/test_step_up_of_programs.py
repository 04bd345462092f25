"""What is asked of programs whose people signed in long ago."""

from __future__ import annotations

import re
from typing import Any

from litestar.types import ASGIApp

from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tests.forms import form_of
from tests.integration.auth.asking_again import long_ago, prove, rows, signed_in_long_ago
from tests.integration.auth.conftest import PASSWORD, NewPerson, bearer, client_at, token_pair
from tests.integration.auth.front_ends import asking, brought, registered, trade
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House

TOKEN = re.compile(r'id="made">([^<]+)<')
MUTATIONS: dict[str, dict[str, Any]] = {
    "mutation($input: ChangeRoleInput!) { done: changeRole(input: $input) { changed } }": {"role": "editor"},
    "mutation($input: GrantPermissionsInput!) { done: grantPermissions(input: $input) { changed } }": {"permissions": ["content.create"]},
    "mutation($input: EraseUserInput!) { done: eraseUser(input: $input) { changed } }": {"confirm": "x"},
}


async def test_mutations_of_that_kind_say_where_to_prove_it_and_change_nothing(
    auth: Auth, acme: House, pool: Database, app: ASGIApp, new_person: NewPerson
) -> None:
    owner, other = await new_person(acme, role="owner"), await new_person(acme)
    async with client_at(app, "acme.localhost") as client:
        pair = await token_pair(client, owner)
        await long_ago(pool, owner)
        headers = bearer(pair["access_token"])

        async def ask(query: str, given: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post("/graphql", json={"query": query, "variables": {"input": given}}, headers=headers)
            document: dict[str, Any] = answer.json()
            return document

        asked = [await ask(query, {"id": str(other.user_id), **given}) for query, given in MUTATIONS.items()]
        organization = "mutation($input: UpdateOrganizationInput!) { done: updateOrganization(input: $input) { changed } }"
        policies = await ask(organization, {"policies": {"signIn": {"secondFactor": "optional"}}})
        branding = await ask(organization, {"branding": {"tagline": None}})
        invited = await ask(
            "mutation($input: InviteUserInput!) { done: inviteUser(input: $input) { changed } }",
            {"email": f"{new_id().hex}@acme.example", "name": "Second Owner", "role": "owner"},
        )
        fresh = bearer((await token_pair(client, owner))["access_token"])
        query, given = next(iter(MUTATIONS.items()))
        done = await client.post("/graphql", json={"query": query, "variables": {"input": {"id": str(other.user_id), **given}}}, headers=fresh)
    account = await auth.parts.accounts.get(acme.tenant, other.user_id)

    for document in (*asked, policies, invited):
        (error,) = document["errors"]
        assert (error["extensions"]["code"], error["extensions"]["proveAt"]) == ("ELEVATION_REQUIRED", "/auth/again")
    assert branding["data"]["done"] is not None
    assert done.json()["data"]["done"] == {"changed": True}
    assert account is not None
    assert account.role == "editor"


async def test_a_code_gives_no_more_than_its_browsers_session_had_and_a_front_end_may_ask_for_more(
    auth: Auth, acme: House, pool: Database, app: ASGIApp, new_person: NewPerson
) -> None:
    owner, other, front_end = await new_person(acme, role="owner"), await new_person(acme), await registered(auth, acme)
    query, given = next(iter(MUTATIONS.items()))
    variables = {"input": {"id": str(other.user_id), **given}}
    async with client_at(app, "acme.localhost") as browser, client_at(app, "acme.localhost") as program:

        async def done(code: str) -> tuple[Any, dict[str, Any]]:
            pair = (await trade(program, code, front_end)).json()
            answer = await program.post("/graphql", json={"query": query, "variables": variables}, headers=bearer(pair["access_token"]))
            session = await auth.parts.sessions.by_id(acme.tenant, (await auth.parts.tokens.verify(pair["access_token"])).session)
            return session, answer.json()

        await signed_in_long_ago(browser, pool, owner)
        (browsers,) = await rows(pool, owner)
        stale, refusal = await done((await brought(browser, asking(front_end.client)))["code"])
        wanted = asking(front_end.client, prompt="login")
        asked = await browser.get(wanted)
        page = await browser.get(asked.headers["location"])
        proven = await prove(browser, wanted, password=PASSWORD)
        fresh, allowed = await done((await brought(browser, proven.headers["location"]))["code"])

    assert (stale.auth_time, stale.elevated, fresh.auth_time, fresh.elevated) == (browsers["auth_time"], False, browsers["auth_time"], True)
    assert refusal["errors"][0]["extensions"]["code"] == "ELEVATION_REQUIRED"
    assert (asked.headers["location"][:17], proven.headers["location"]) == ("/auth/again?next=", wanted)
    assert "form-action 'self' https://shop.example" in page.headers["content-security-policy"]
    assert allowed["data"]["done"] == {"changed": True}


async def test_api_tokens_are_not_asked(acme: House, pool: Database, app: ASGIApp, new_person: NewPerson) -> None:
    owner, other = await new_person(acme, role="owner"), await new_person(acme)
    async with client_at(app, "acme.localhost") as browser, client_at(app, "acme.localhost") as program:
        await sign_in(browser, owner)
        form = form_of(await browser.get("/auth/account/tokens"))
        made = await browser.post("/auth/account/tokens", data={"form": form, "name": "x", "days": "1", "permissions": "users.manage"})
        token = TOKEN.search(made.text)
        assert token
        await long_ago(pool, owner)
        query, given = next(iter(MUTATIONS.items()))
        variables = {"input": {"id": str(other.user_id), **given, "role": "reader"}}
        done = await program.post("/graphql", json={"query": query, "variables": variables}, headers=bearer(token[1]))

    assert done.json()["data"]["done"] == {"changed": True}
