"""Directories and networks that mean harm, directories that are too slow, and groups that no entry names."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from litestar.types import ASGIApp

from auth.ldap.module import MOST_WAITING, THREADS
from auth.ldap.settings import LdapSettings
from auth.reach import Reach
from auth.service import Auth
from tenants.errors import ValidationFailed
from tests.integration.auth.conftest import bearer, client_at, who
from tests.integration.auth.directories.connecting import by_json, connect
from tests.integration.conftest import House
from tests.peers import openldap

pytestmark = [
    pytest.mark.skipif(not openldap.SLAPD.exists(), reason="peer slapd is not installed"),
    pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning"),
]

STARTTLS = b"1.3.6.1.4.1.1466.20037"
# An ExtendedResponse to message 1 (RFC 4511, 4.12): success (0), or protocolError (2).
DONE, REFUSED = (b"0\x0c\x02\x01\x01x\x07\n\x01" + code + b"\x04\x00\x04\x00" for code in (b"\x00", b"\x02"))
# A BindResponse with success to message 2, in clear, where a TLS handshake should be.
BOUND = b"0\x0c\x02\x01\x02a\x07\n\x01\x00\x04\x00\x04\x00"


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        found.listen(100)
        yield found


class Stripping:
    """A server between a client and its directory, which answers StartTLS as it likes, and hears what is said to it in clear."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.heard = b""
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(5)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(30)
            while piece := connection.recv(4096):
                self.heard += piece
                if self.answer and STARTTLS in piece:
                    connection.sendall(self.answer)
                if not self.answer:
                    return

    def close(self) -> None:
        self.listener.close()
        self.thread.join()


@pytest.mark.parametrize("answer", [REFUSED, DONE + BOUND, b""], ids=["refused", "agreed and then in clear", "hung up"])
async def test_where_starttls_is_taken_away_nobody_binds_in_clear(
    auth: Auth, acme: House, at_acme: httpx.AsyncClient, at_acmes: openldap.Directory, answer: bytes
) -> None:
    stripping = Stripping(answer)
    try:
        connection = await connect(auth, acme, at_acmes, urls=f"ldap://127.0.0.1:{stripping.port}", seconds=2)
        said = await by_json(at_acme, connection, "alice", "alicepw")
    finally:
        stripping.close()

    assert said.status_code in {401, 503}
    assert STARTTLS in stripping.heard
    for secret in (b"alice", b"alicepw", openldap.READER_PASSWORD.encode(), at_acmes.reader.encode()):
        assert secret not in stripping.heard


async def test_nobody_goes_where_a_directory_refers_to(auth: Auth, acme: House, at_acme: httpx.AsyncClient) -> None:
    """Neither for a search that goes on elsewhere, nor for one whose base is elsewhere, nor to bind."""
    with listening() as elsewhere:
        port = elsewhere.getsockname()[1]
        with openldap.running("acme", elsewhere=port, more=f"referral ldap://127.0.0.1:{port}") as directory:
            within = await connect(auth, acme, directory)
            outside = await connect(auth, acme, directory, base_dn="dc=evil,dc=example")
            direct = await connect(
                auth, acme, directory, user_filter=None, user_dn=f"uid={{login}},ou=remote,ou=people,{directory.base}", bind_dn=None
            )
            answers = [await by_json(at_acme, one, "alice", "alicepw") for one in (within, outside, direct)]
        elsewhere.setblocking(False)  # noqa: FBT003 - the library's signature
        with pytest.raises(BlockingIOError):
            elsewhere.accept()

    assert [answer.status_code for answer in answers] == [200, 401, 401]


async def test_where_too_many_wait_for_a_directory_the_next_is_told_to_come_later(
    auth: Auth, app: ASGIApp, acme: House, at_acmes: openldap.Directory
) -> None:
    async with client_at(app, "acme.localhost") as client:
        with ExitStack() as stack:
            port = stack.enter_context(listening()).getsockname()[1]
            connection = await connect(auth, acme, at_acmes, urls=f"ldaps://127.0.0.1:{port}", seconds=20)
            many = [
                asyncio.create_task(by_json(client, connection, f"somebody{number}", "a password")) for number in range(THREADS + MOST_WAITING + 3)
            ]
            done, waiting = await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED, timeout=60)
            while len(done) < 3:
                more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=60)
                done |= more
        # The server is gone now, so that those who wait need not do so until it would have been given up.
        await asyncio.gather(*waiting)
    answers = [task.result() for task in done]

    assert {(answer.status_code, answer.json()["message"].partition(" at this")[0]) for answer in answers} == {
        (503, "Too many people sign in through the directory")
    }
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)


async def test_groups_are_searched_for_where_no_entry_names_them(
    auth: Auth, acme: House, globex: House, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient
) -> None:
    with openldap.running("acme", member_of=False) as directory, openldap.running("globex", member_of=False) as other:
        searched = {"group_filter": "(&(objectClass=groupOfNames)(member={dn}))"}
        named = await connect(auth, acme, directory)
        found = await connect(auth, acme, directory, **searched, group_base=f"ou=groups,{directory.base}")
        flat = await connect(auth, globex, other, **searched, nested=0)
        people = [
            (await who(client, bearer((await by_json(client, connection, login, f"{login}pw")).json()["access_token"])))["me"]
            for client, connection, login in (
                (at_acme, named, "bob"),
                (at_acme, found, "alice"),
                (at_globex, flat, "alice"),
                (at_globex, flat, "bob"),
            )
        ]

    # Without a search bob is in no group; with it alice is an editor, and staff through the editors.
    assert [person["role"] for person in people] == ["reader", "editor", "editor", "author"]


async def test_a_name_cannot_change_the_search_for_groups(auth: Auth, acme: House, at_acmes: openldap.Directory) -> None:
    """An entry named `Bob (B) *` is not everybody."""
    from auth.ldap import directory
    from auth.sso.checks import Checks

    given = {
        "urls": at_acmes.ldaps, "base_dn": at_acmes.base, "user_filter": "(uid={login})", "ca": at_acmes.ca, "bind_dn": at_acmes.reader,
        "username_attribute": "cn", "group_filter": "(cn={username})",
    }  # fmt: skip
    settled, _ = LdapSettings.settle(given, {"bind_password": openldap.READER_PASSWORD})
    found = directory.prove(
        LdapSettings(**{**settled, "urls": tuple(settled["urls"])}), openldap.READER_PASSWORD, "bob", "bobpw", Checks(), reach=Reach(everywhere=True)
    )

    assert found.groups == ("bob", f"uid=bob,ou=people,{at_acmes.base}")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"group_filter": "member={dn}"}, "group_filter"),
        ({"group_filter": "(member=*)"}, "group_filter"),
        ({"group_base": "ou=groups"}, "group_base"),
    ],
)
def test_a_search_for_groups_that_cannot_work_is_refused(given: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        LdapSettings.settle({"urls": "ldaps://x", "base_dn": "dc=x", "user_filter": "(uid={login})", **given}, {})

    assert set(caught.value.fields) == {wrong}


@pytest.fixture(scope="module")
def at_acmes() -> Iterator[openldap.Directory]:
    with openldap.running("acme") as directory:
        yield directory
