"""Signing in by a directory: a real OpenLDAP for each of two organizations."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.auth.conftest import bearer, client_at, who
from tests.integration.auth.directories.connecting import by_json, check_of, connect
from tests.integration.conftest import House
from tests.peers import openldap
from tests.peers.certificates import Authority
from tests.peers.openldap import READER_PASSWORD, Directory

pytestmark = [
    pytest.mark.skipif(not openldap.SLAPD.exists(), reason="peer slapd is not installed"),
    # ldap3 drops sockets of addresses that it could not reach, for the collector to close.
    pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning"),
]


async def test_a_person_signs_in_by_the_form_and_a_program_by_json_with_the_role_of_their_groups(
    auth: Auth, acme: House, browser: httpx.AsyncClient, at_acme: httpx.AsyncClient, at_acmes: Directory
) -> None:
    connection = await connect(auth, acme, at_acmes)
    page = await browser.get(f"/auth/ldap/{connection.name}", params={"next": "/auth/account/tokens"})
    form = form_of(page)
    typed = {"login": "alice", "password": "alicepw", "form": form, "next": "/auth/account/tokens"}

    signed_in = await browser.post(f"/auth/ldap/{connection.name}", data=typed)
    pair = (await by_json(at_acme, connection, "bob@acme.example", "bobpw")).json()
    alice, bob = (await who(browser))["me"], (await who(at_acme, bearer(pair["access_token"])))["me"]

    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/auth/account/tokens")
    assert (alice["role"], bob["role"]) == ("editor", "author")


async def test_two_organizations_have_two_directories(
    auth: Auth, acme: House, globex: House, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, at_acmes: Directory, at_globexs: Directory
) -> None:
    here, there = await connect(auth, acme, at_acmes), await connect(auth, globex, at_globexs)

    pairs = [(await by_json(at_acme, here, "alice", "alicepw")).json(), (await by_json(at_globex, there, "alice", "alicepw")).json()]
    wrong_house = await by_json(at_globex, here, "alice", "alicepw")
    people = [(await who(client, bearer(pair["access_token"])))["me"]["id"] for client, pair in zip((at_acme, at_globex), pairs, strict=True)]

    assert people[0] != people[1]
    assert wrong_house.status_code == 404


TRICKS = {
    "a star": ("*", "alicepw"),
    "a filter": ("x)(uid=*", "alicepw"),
    "or everybody": ("alice)(|(uid=*", "alicepw"),
    "a control character": ("alice\x01", "alicepw"),
    "nobody": ("nobody", "alicepw"),
    "another's password": ("alice", "bobpw"),
    "empty password": ("alice", ""),
    "blank name": ("  ", "alicepw"),
    "two entries": ("twins@acme.example", "twinpw"),
    "the service account": ("reader", READER_PASSWORD),
}


@pytest.mark.parametrize("kind", TRICKS)
async def test_tricks_with_names_and_passwords_look_the_same_and_sign_nobody_in(
    auth: Auth, app: ASGIApp, acme: House, at_acmes: Directory, kind: str
) -> None:
    connection = await connect(auth, acme, at_acmes)
    login, password = TRICKS[kind]
    async with client_at(app, "acme.localhost") as client:
        answer = await by_json(client, connection, login, password)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_credentials")
    expected = {"another's password": "password", "empty password": "password_given", "blank name": "login_given"}.get(kind, "person_found")
    assert await check_of(auth, acme, connection) == expected


async def test_an_empty_password_never_reaches_a_directory_that_would_take_it(
    auth: Auth, acme: House, at_acme: httpx.AsyncClient, at_acmes: Directory
) -> None:
    """RFC 4513, 5.1.2: with a name and no password a bind succeeds as nobody, where the server allows it, as this one does."""
    connection = await connect(auth, acme, at_acmes, user_filter=None, user_dn=f"uid={{login}},ou=people,{at_acmes.base}", bind_dn=None)

    refused = await by_json(at_acme, connection, "alice", "")
    good = await by_json(at_acme, connection, "alice", "alicepw")
    escaped = await by_json(at_acme, connection, f"alice,ou=people,{at_acmes.base}", "alicepw")

    assert (refused.status_code, good.status_code, escaped.status_code) == (401, 200, 401)


async def test_nothing_is_said_to_a_server_that_is_not_trusted(auth: Auth, acme: House, at_acme: httpx.AsyncClient, at_acmes: Directory) -> None:
    other = Authority.new("somebody else").pem.certificate
    found = []
    with openldap.running("named", hosts=("elsewhere.example",)) as misnamed, openldap.running("clear", tls=False) as clear:
        for directory, changed in (
            (at_acmes, {"ca": other}),
            (at_acmes, {"ca": None}),
            (at_acmes, {"ca": other, "urls": at_acmes.plain}),
            (misnamed, {}),
            (clear, {"urls": clear.plain}),
        ):
            connection = await connect(auth, acme, directory, **changed)
            answer = await by_json(at_acme, connection, "alice", "alicepw")
            found.append((answer.status_code, await check_of(auth, acme, connection)))

    assert found == [(401, "directory_tls")] * 5


async def test_starttls_is_as_good_as_ldaps(auth: Auth, acme: House, at_acme: httpx.AsyncClient, at_acmes: Directory) -> None:
    connection = await connect(auth, acme, at_acmes, urls=at_acmes.plain)

    assert (await by_json(at_acme, connection, "alice", "alicepw")).status_code == 200


@contextmanager
def silent() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]


async def test_the_next_server_is_asked_where_one_is_dead_and_a_slow_one_keeps_nobody_waiting(
    auth: Auth, acme: House, at_acme: httpx.AsyncClient, at_acmes: Directory
) -> None:
    with silent() as port:
        dead = f"ldaps://127.0.0.1:{port} ldaps://127.0.0.1:1"
        failing_over = await connect(auth, acme, at_acmes, urls=f"{dead} {at_acmes.ldaps}", seconds=1)
        away = await connect(auth, acme, at_acmes, urls=dead, seconds=1)
        good = await by_json(at_acme, failing_over, "alice", "alicepw")
        waiting = [asyncio.create_task(by_json(at_acme, away, f"alice{number}", "alicepw")) for number in range(4)]
        meanwhile = 0
        while not all(task.done() for task in waiting):
            began = time.monotonic()
            assert (await at_acme.get("/auth/login")).status_code == 200
            meanwhile += 1
            await asyncio.sleep(0.02 if time.monotonic() - began < 1 else 0)
        answers = [task.result() for task in waiting]

    assert good.status_code == 200
    assert meanwhile > 5
    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(503, "directory_away")}
    assert all(answer.headers["retry-after"] for answer in answers)


async def test_five_wrong_passwords_slow_a_guesser_down(auth: Auth, app: ASGIApp, acme: House, at_acmes: Directory) -> None:
    connection = await connect(auth, acme, at_acmes)
    async with client_at(app, "acme.localhost") as client:
        answers = [(await by_json(client, connection, "bob", f"guess-{number}")).status_code for number in range(7)]

    assert answers[:5] == [401] * 5
    assert 429 in answers


async def test_other_spellings_of_a_name_are_no_further_tries(auth: Auth, app: ASGIApp, acme: House, at_acmes: Directory) -> None:
    """The directory takes all of these for the same: it prepares names before it compares them."""
    connection = await connect(auth, acme, at_acmes)
    spellings = ["bob", "BOB", "\uff42ob", "b\u00adob", "bo\u200db", "b\uff4fb", "bo\uff22", "\u00adbob", "bob\u00ad", "\U0001d41bob"]
    answers = []
    for number, spelling in enumerate(spellings):
        async with client_at(app, "acme.localhost") as client:  # each from another address
            answers.append((await by_json(client, connection, spelling, f"guess-{number}")).status_code)

    assert answers[:5] == [401] * 5
    assert 429 in answers


@pytest.mark.parametrize("spelling", ["\uff41\uff4c\uff49\uff43\uff45", "ALICE", " alice "])
async def test_a_spelling_that_counts_as_another_is_the_same_person(
    spelling: str, auth: Auth, acme: House, at_acme: httpx.AsyncClient, at_acmes: Directory
) -> None:
    connection = await connect(auth, acme, at_acmes)

    assert (await by_json(at_acme, connection, spelling, "alicepw")).status_code == 200


async def test_the_form_says_one_sentence_and_a_number_whatever_was_wrong(
    auth: Auth, app: ASGIApp, acme: House, browser: httpx.AsyncClient, at_acmes: Directory
) -> None:
    connection = await connect(auth, acme, at_acmes)
    form = form_of(await browser.get(f"/auth/ldap/{connection.name}"))
    pages = [
        (await browser.post(f"/auth/ldap/{connection.name}", data={"login": login, "password": "nope", "form": form})).text
        for login in ("alice", "nobody-at-all")
    ]
    strange = await browser.post(f"/auth/ldap/{connection.name}", data={"login": "alice", "password": "alicepw", "form": "forged"})

    plain = [re.sub(r"<code>.*?</code>|value=\"[^\"]*\"", "", page) for page in pages]
    assert plain[0] == plain[1]
    assert all(re.search(r"<code>[0-9A-Z]{4}-[0-9A-Z]{4}</code>", page) for page in pages)
    assert strange.status_code == 403


@pytest.mark.parametrize("state", ["on", "off"])
async def test_whoever_only_says_that_they_test_it_asks_the_directory_nothing_and_is_in_the_audit_log(
    state: str,
    auth: Auth,
    acme: House,
    browser: httpx.AsyncClient,
    at_acmes: Directory,
) -> None:
    connection = await connect(auth, acme, at_acmes)
    await auth.parts.connections.change(acme.tenant, connection.name, lambda known: replace(known, enabled=state == "on"), Cause(new_id()))
    form = form_of(await browser.get(f"/auth/ldap/{connection.name}"))
    found = []
    for password in ("nope", "alicepw"):
        typed = {"login": "alice", "password": password, "form": form, "next": f"/admin/sign-on/{connection.name}/test/{'A' * 43}"}
        page = await browser.post(f"/auth/ldap/{connection.name}", data=typed)
        number = re.search(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>", page.text)
        (refused,) = await auth.parts.trail.refusals(acme.tenant, trace=number[1]) if number else (None,)
        found.append((page.status_code, refused.check if refused else None))

    assert found == [(401, "rehearsal_known")] * 2
    assert (await who(browser))["me"] is None


async def test_a_name_with_nul_signs_nobody_in(acme: House, auth: Auth, at_acme: httpx.AsyncClient, at_acmes: Directory) -> None:
    connection = await connect(auth, acme, at_acmes)

    answers = [await by_json(at_acme, connection, login, "alicepw") for login in ("alice\0", "\0", "alice\0)(uid=*")]

    assert [answer.status_code for answer in answers] == [400] * 3
