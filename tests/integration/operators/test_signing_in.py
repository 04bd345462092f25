"""Nobody comes in without both factors, and sessions end."""

from __future__ import annotations

from typing import Any

import httpx

from auth.opaque import digest
from auth.operators import accounts
from tenants.settings import TenantSettings
from tests.integration.operators.operator import PASSWORD
from tests.integration.owner import as_owner


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
